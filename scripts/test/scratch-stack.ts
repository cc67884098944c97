import path from "node:path";
import { freePort } from "#scripts/process/free-port.ts";
import type { RunResult } from "#scripts/process/run.ts";
import { run } from "#scripts/process/run.ts";

const UP_MS = 900_000;
const DOWN_MS = 120_000;

export interface ScratchStack {
  /** Its up.json. */
  readonly upFile: string;
  /** Runs the second half of `up`. */
  up(onLine: (line: string) => void): Promise<RunResult>;
  down(onLine: (line: string) => void): Promise<RunResult>;
}

/** The real thing in a home of its own, on free ports, beside whatever else runs on this machine. */
export async function scratchStack(release: string, home: string, settings: Readonly<Record<string, string>> = {}): Promise<ScratchStack> {
  const environment = { ...process.env, ...settings, SLIPWAY_HOME: home, SLIPWAY_PORT: String(await freePort()), SLIPWAY_RAPI_PORT: String(await freePort()) };
  for (const name of ["DATABASE_URL", "SLIPWAY_MODE"]) Reflect.deleteProperty(environment, name);
  const program = (name: string, timeoutMs: number, onLine: (line: string) => void): Promise<RunResult> =>
    run(process.execPath, [path.join(release, name)], { cwd: release, environment, timeoutMs, onLine });
  return {
    upFile: path.join(home, "run/up.json"),
    up: (onLine) => program("scripts/up/run.ts", UP_MS, onLine),
    down: (onLine) => program("scripts/down/run.ts", DOWN_MS, onLine),
  };
}
