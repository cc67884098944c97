import { createHash } from "node:crypto";
import path from "node:path";
import type { DaemonPlace } from "#scripts/process/daemon.ts";
import { ensureDaemon } from "#scripts/process/daemon.ts";
import type { ProcessIdentity } from "#scripts/process/identity.ts";
import { runOrFail } from "#scripts/process/run.ts";
import type { Artifacts } from "./artifacts.ts";
import { daemonEnvironment } from "./daemon-environment.ts";
import type { UpSettings } from "./settings.ts";
import { say } from "./terminal.ts";

export const CONTROLLER_DAEMON = "controller";
export const ADMIN_USER = "admin";
const READY_MS = 60_000;
const SET_UP_MS = 300_000;

const root = path.resolve(import.meta.dirname, "../..");

function settingsOf(settings: UpSettings): Record<string, string> {
  return { SLIPWAY_HOME: settings.home, SLIPWAY_PORT: String(settings.port), SLIPWAY_RAPI_PORT: String(settings.rapiPort), ...settings.masterKey };
}

/** Nothing where it is in its file. Of a key of 32 bytes a digest says nothing. */
function masterKeyVersion({ masterKey }: UpSettings): readonly string[] {
  const given = Object.entries(masterKey);
  return given.length === 0 ? [] : [createHash("sha256").update(JSON.stringify(given)).digest("hex").slice(0, 16)];
}

export function consoleUrl(settings: UpSettings): string {
  return `http://127.0.0.1:${settings.port}`;
}

export function rapiUrl(settings: UpSettings): string {
  return `https://127.0.0.1:${settings.rapiPort}`;
}

/** Starts the controller: console, API, RAPI and worker in one process. */
export async function ensureController(settings: UpSettings, release: string, place: DaemonPlace): Promise<ProcessIdentity> {
  const { identity, started } = await ensureDaemon(
    {
      name: CONTROLLER_DAEMON,
      program: path.join(root, "server/main.ts"),
      args: [],
      cwd: root,
      environment: daemonEnvironment(settingsOf(settings)),
      // Also other ports are another version, and another master key is.
      version: [release, settings.port, settings.rapiPort, ...masterKeyVersion(settings)].join(" "),
      readyTimeoutMs: READY_MS,
    },
    place,
  );
  if (started) say("controller is ready");
  return identity;
}

/** What no interface offers: the first administrator, and contents that lie on this machine. Does nothing that has been done. */
export async function setUpCluster(settings: UpSettings, adminPasswordFile: string, artifacts: Artifacts): Promise<void> {
  await runOrFail(
    process.execPath,
    [
      path.join(root, "server/setup.ts"),
      "--administrator", ADMIN_USER,
      "--password-file", adminPasswordFile,
      "--appliance", artifacts.appliance,
      "--definition", path.join(root, "os-definitions/debian"),
      "--image", artifacts.image,
    ],
    { cwd: root, environment: daemonEnvironment(settingsOf(settings)), timeoutMs: SET_UP_MS, onLine: (line) => {
      if (line.startsWith("setup: ")) say(line.slice("setup: ".length));
    } },
  );
}
