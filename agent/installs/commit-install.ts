import { SlipwayError } from "#lib/domain/errors.ts";
import { syncDisk, verifyDisk } from "./disks.ts";
import type { Install } from "./install.ts";
import { confirmsFirstBoot, writesInPlace } from "./order-facts.ts";
import type { Prepared } from "./prepared.ts";
import { finishSwap, keepPrevious, swapFirstDisk } from "./swap-disks.ts";

/** Looks whether there is something on the new disks, makes it durable, and makes them the instance's own: the commit point. */
export async function commitInstall(install: Install, { disks }: Prepared): Promise<void> {
  const { order, instance, progress } = install;
  await install.enter("verifying");
  // What is left is the agent's own work, unless the guest is still to say how it went.
  if (!confirmsFirstBoot(order)) install.endTimeout();
  if (order.operation === "export") {
    checkLease(install);
    install.lease.end();
    return;
  }
  progress.begin("swap");
  for (const { index, file, sizeMib } of disks) {
    if (index === 0) await verifyDisk(instance.folder, file, sizeMib);
    await syncDisk(instance.folder, file);
  }
  if (writesInPlace(order)) await keepWritten(install);
  else await swap(install);
  progress.finish();
}

/** Before the rename everything can be undone by leaving it; after it, only by taking it back. */
async function swap(install: Install): Promise<void> {
  const { instance, order, record } = install;
  // What the instance is from here on is stored first: a console with values to be left out is never logged by mistake.
  await instance.save({ hasSealedValues: record.hasSealedValues || instance.record.hasSealedValues });
  await install.save({ phase: "swapping" });
  await keepPrevious(instance.folder, order.id, record.replaces);
  install.signal.throwIfAborted();
  checkLease(install);
  swapFirstDisk(instance.folder);
  install.lease.end();
  instance.forgetHostKeys();
  await finishSwap(instance.folder);
  await instance.save({ spec: order.instance, hasSealedValues: record.hasSealedValues });
  await install.save({ phase: "committed", status: { ...install.status, committed: true } });
}

/** In place there is nothing to swap: what was written is the instance's system from here on. */
async function keepWritten(install: Install): Promise<void> {
  const { instance, order, record } = install;
  install.signal.throwIfAborted();
  checkLease(install);
  install.lease.end();
  await instance.save({ spec: order.instance, hasSealedValues: record.hasSealedValues });
  await install.save({ phase: "committed", status: { ...install.status, committed: true } });
}

function checkLease({ lease }: Install): void {
  if (!lease.isHeld) throw new SlipwayError("lease_expired", "No controller renewed the lease of this install in time.");
}
