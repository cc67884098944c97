import type { Install } from "./install.ts";

/** For the running system to go by itself before a reinstall: seconds. */
const STOP_GRACE_SECONDS = 10;

/**
 * Stops the system that runs, as late as possible: it and what installs another share memory and addresses (design: install, "Order of
 * things"). From here on the instance's place is the install's.
 */
export async function stopSystem(install: Install): Promise<void> {
  const { instance, progress, log } = install;
  install.signal.throwIfAborted();
  install.keepBefore();
  if (!instance.isRunning) return;
  progress.begin("stop");
  log.state();
  await instance.inTurn(() => instance.stop(STOP_GRACE_SECONDS));
  progress.finish();
}
