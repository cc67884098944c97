import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "./identity.ts";
import { isRunning } from "./identity.ts";

/** Linux tells only a parent when a process ends; anybody else has to look. Milliseconds. */
const LOOK_EVERY = 20;

/** Whether the process is gone before the time is up. */
export async function waitForEnd(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await delay(LOOK_EVERY);
  }
  return true;
}

/** Asks a process to end, waits, and ends it. Says how it went. */
export async function stopProcess(
  identity: ProcessIdentity,
  options: { signal?: NodeJS.Signals; graceMs: number },
): Promise<"not running" | "stopped" | "killed"> {
  if (!signalProcess(identity, options.signal ?? "SIGTERM")) return "not running";
  if (await waitForEnd(identity, options.graceMs)) return "stopped";
  signalProcess(identity, "SIGKILL");
  if (!(await waitForEnd(identity, 5_000))) throw new Error(`process ${identity.pid} can't be ended`);
  return "killed";
}

function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
