/**
 * The way into every npm script. Runs under whatever Node the machine has (18 or later) with nothing installed, and uses
 * only what that Node brings; sees to it that packages and node_modules are there; then hands over to the program asked for,
 * under the pinned Node.
 *
 *   node scripts/bootstrap/main.mjs COMMAND [ARGUMENT…]
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDebianPackages } from "./debian-packages.mjs";
import { ensureNodeModules, pinnedNode } from "./node-modules.mjs";
import { Refusal, say } from "./say.mjs";

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Program of each command, relative to the checkout, and what it needs of Debian. */
const COMMANDS = {
  up: { program: "scripts/up/main.ts", packages: process.env.SLIPWAY_MODE === "system" ? ["running", "network"] : ["running"] },
  down: { program: "scripts/down/main.ts", packages: [] },
  build: { program: "scripts/build/main.ts", packages: [] },
  test: { program: "scripts/test/main.ts", packages: ["running", "network", "tests"] },
  docs: { program: "scripts/docs/main.ts", packages: [] },
  fuzz: { program: "scripts/fuzz/main.ts", packages: [] },
  bench: { program: "bench/main.ts", packages: ["running", "network", "benches"] },
  check: { program: "scripts/check/main.ts", packages: ["running"] },
};

async function main([name = "", ...args]) {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Refusal(`unknown command; there are: ${Object.keys(COMMANDS).join(", ")}`);
  if (process.platform !== "linux" || process.arch !== "x64") throw new Refusal("Slipway runs on Linux on x86-64");
  ensureDebianPackages(command.packages);
  ensureNodeModules(checkout);
  process.exitCode = await handOver(path.join(checkout, command.program), args);
}

/** Runs a program under the pinned Node until it ends. Signals reach it; its status is ours. */
function handOver(program, args) {
  const node = pinnedNode(checkout);
  const child = spawn(node, [program, ...args], {
    cwd: checkout,
    stdio: "inherit",
    env: { ...process.env, PATH: `${path.join(checkout, "node_modules/.bin")}:${process.env.PATH ?? "/usr/bin:/bin"}`, NEXT_TELEMETRY_DISABLED: "1" },
  });
  // Ctrl-C goes to the whole group anyway; this process has only to outlive its child.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof Refusal ? error.message : error.stack);
  process.exitCode = 1;
});
