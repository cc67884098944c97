import { existsSync } from "node:fs";
import path from "node:path";
import { digestOf } from "#scripts/build/digest.ts";
import { asOrdinaryUser, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { run, runOrFail } from "#scripts/process/run.ts";
import { Refusal } from "#scripts/up/terminal.ts";

/** What `helper/` is compiled to: the privileged helper, what starts QEMU with what it hands over, and what has it run a script. */
export const HELPER_PROGRAMS = ["slipway-helper", "slipway-launch", "slipway-script"] as const;

const SOURCES = "helper";
const BUILD_MS = 120_000;
const CHECK_MS = 30_000;

/** Tells one state of the helper's sources from another. */
export function helperDigest(checkout: string): string {
  return digestOf(checkout, [SOURCES], (name) => !/^(helper|build\.sh|.*\.[ch])$/.test(name)).slice(0, 16);
}

/**
 * Compiles the helper's sources into a folder of root's.
 *
 * @throws Refusal where the user that everything else runs as could change what is compiled: what comes of it runs as root.
 */
export async function buildHelper(checkout: string, out: string): Promise<void> {
  await refuseWhatTheUserMayWrite(path.join(checkout, SOURCES));
  await runOrFail(path.join(checkout, SOURCES, "build.sh"), [out], { cwd: "/", environment: { NODE_ENV: "production", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" }, timeoutMs: BUILD_MS });
  for (const program of HELPER_PROGRAMS) {
    if (!existsSync(path.join(out, program))) throw new Error(`helper/build.sh has made no ${program}`);
  }
}

/**
 * Asks the kernel, as that user: about a folder with all that is in it, and about the folders above it. In one above that has
 * the sticky bit only the owner of what lies in there can move it away.
 */
async function refuseWhatTheUserMayWrite(folder: string): Promise<void> {
  const above: string[] = [];
  for (let place = path.dirname(folder); ; place = path.dirname(place)) {
    above.push(place);
    if (place === path.dirname(place)) break;
  }
  const found = await Promise.all([
    findAsOrdinaryUser([folder], ["(", "-writable", "-o", "-user", ORDINARY_USER, ")", "-not", "-type", "l"]),
    findAsOrdinaryUser(above, ["-maxdepth", "0", "(", "-writable", "-not", "-perm", "-1000", "-o", "-user", ORDINARY_USER, ")"]),
  ]);
  const place = found.find((first) => first !== "");
  if (place === undefined) return;
  throw new Refusal(`${place} may be changed by the user ${ORDINARY_USER}, and what is built from there would run as root: give it to root, or take another checkout`);
}

/** The first place that fits. What that user can't even look into, it can't change. */
async function findAsOrdinaryUser(places: readonly string[], condition: readonly string[]): Promise<string> {
  const [command, ...args] = asOrdinaryUser(["find", ...places, ...condition, "-print", "-quit"]);
  const { output } = await run(command, args, { cwd: "/", timeoutMs: CHECK_MS });
  return output.trim();
}
