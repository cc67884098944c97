import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { DaemonPlace } from "#scripts/process/daemon.ts";
import { ensureDaemon, findDaemon, stopDaemon } from "#scripts/process/daemon.ts";
import { Refusal, say } from "#scripts/up/terminal.ts";
import { installHelper } from "./install-helper.ts";
import type { HelperAddress, HelperPlaces } from "./places.ts";
import { helperAddress } from "./places.ts";
import { LINK_PREFIX, removeTraces } from "./remove-traces.ts";

const HELPER_DAEMON = "helper";
const READY_MS = 20_000;
const ENDED_SECONDS = 10;

/** Whose the helper is: a machine has one, and it serves the agent of one home directory. */
function ownerFile(places: HelperPlaces): string {
  return path.join(places.notes, "home");
}

function daemonPlace(places: HelperPlaces): DaemonPlace {
  return { runDirectory: places.notes, logDirectory: places.logs };
}

function environment(): NodeJS.ProcessEnv {
  return { NODE_ENV: "production", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };
}

function argumentsOf(places: HelperPlaces): string[] {
  return ["--config", places.config, "--run-folder", places.runFolder, "--foreground"];
}

/**
 * Installs and starts the privileged helper of this machine for one home directory, as root. One that runs is kept, unless it is
 * of another build: then it is started anew, and guests keep their links meanwhile.
 *
 * @throws Refusal where it serves another home directory.
 */
export async function ensureHelper(checkout: string, home: string, places: HelperPlaces): Promise<HelperAddress> {
  const owner = ownerOf(places);
  if (owner !== null && owner !== home && findDaemon(HELPER_DAEMON, daemonPlace(places)) !== null) {
    throw new Refusal(`this machine's helper serves ${owner}, and there is one for a machine. End that first: SLIPWAY_HOME=${owner} npm run down`);
  }
  const digest = await installHelper(checkout, places, say);
  mkdirSync(places.notes, { recursive: true });
  // Whatever mask this process has: the agent passes through to the socket.
  chmodSync(places.notes, 0o755);
  writeFileSync(ownerFile(places), home, { mode: 0o644 });
  if (await startHelper(digest, places)) say("privileged helper is ready");
  return helperAddress(places);
}

/** Starts it, if none of this version runs; one whose monitor is gone is taken over. True: it was started just now. */
async function startHelper(version: string, places: HelperPlaces): Promise<boolean> {
  const { started } = await ensureDaemon(
    {
      name: HELPER_DAEMON,
      program: path.join(places.programs, "slipway-helper"),
      args: argumentsOf(places),
      cwd: "/",
      environment: environment(),
      version,
      readyTimeoutMs: READY_MS,
      socket: helperAddress(places).socket,
    },
    daemonPlace(places),
  );
  return started;
}

/**
 * Stops the helper and takes away everything that it has made, if it serves this home directory: otherwise it is none of ours.
 * Interfaces have gone with the virtual machines that held them, and routes and addresses with these.
 *
 * @throws Refusal where one is still held: without helper and rules it would lead anywhere.
 */
export async function removeHelper(home: string, places: HelperPlaces): Promise<void> {
  if (ownerOf(places) !== home) return;
  const held = readdirSync("/sys/class/net").filter((name) => name.startsWith(LINK_PREFIX));
  if (held.length > 0) throw new Refusal(`${held.join(", ")}: somebody still holds these interfaces of guests, so the helper goes on and keeps them closed`);
  // A worker whose monitor is gone would put everything back. Whoever takes it over can be ended.
  const lock = path.join(places.runFolder, "helper.lock");
  if (findDaemon(HELPER_DAEMON, daemonPlace(places)) === null && isHeld(lock, 0)) await startHelper("to end", places);
  const result = await stopDaemon(HELPER_DAEMON, daemonPlace(places));
  if (isHeld(lock, ENDED_SECONDS)) throw new Refusal("a process of the helper doesn't end: its lock is held");
  await removeTraces(environment());
  rmSync(places.runFolder, { recursive: true, force: true });
  rmSync(ownerFile(places), { force: true });
  say(`helper: ${result}`);
}

/** Whether a process still has this lock (helper/lock.c) after so many seconds. */
function isHeld(lock: string, seconds: number): boolean {
  return existsSync(lock) && spawnSync("flock", ["--timeout", String(seconds), lock, "true"], { stdio: "ignore", env: environment() }).status === 1;
}

function ownerOf(places: HelperPlaces): string | null {
  const file = ownerFile(places);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}
