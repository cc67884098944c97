import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { Install } from "./install.ts";

/** For the running system to go by itself before a reinstall: seconds. */
const STOP_GRACE_SECONDS = 10;
/** Before its own disk is read: a system that was ended half-way has left it in a state that scripts may refuse. As long as a stop gets otherwise. */
const READ_GRACE_SECONDS = 60;

/** Seconds for which the running system may shut down by itself. */
export function stopGrace(operation: InstallOrder["operation"]): number {
  return operation === "export" || operation === "rename" ? READ_GRACE_SECONDS : STOP_GRACE_SECONDS;
}

/**
 * Stops the system that runs, as late as possible: it and what installs another share memory and addresses (design: install, "Order of
 * things"). From here on the instance's place is the install's.
 */
export async function stopSystem(install: Install): Promise<void> {
  const { instance, order, progress, log } = install;
  install.signal.throwIfAborted();
  install.keepBefore();
  if (!instance.isRunning) return;
  progress.begin("stop");
  log.state();
  await instance.inTurn(() => instance.stop(stopGrace(order.operation)));
  progress.finish();
}
