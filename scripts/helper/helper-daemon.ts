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
  const address = helperAddress(places);
  const { started } = await ensureDaemon(
    {
      name: HELPER_DAEMON,
      program: path.join(places.programs, "slipway-helper"),
      args: argumentsOf(places),
      cwd: "/",
      environment: environment(),
      version: digest,
      readyTimeoutMs: READY_MS,
      socket: address.socket,
    },
    daemonPlace(places),
  );
  if (started) say("privileged helper is ready");
  return address;
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
  const result = await stopDaemon(HELPER_DAEMON, daemonPlace(places));
  await removeTraces(environment());
  rmSync(places.runFolder, { recursive: true, force: true });
  rmSync(ownerFile(places), { force: true });
  say(`helper: ${result}`);
}

function ownerOf(places: HelperPlaces): string | null {
  const file = ownerFile(places);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}
