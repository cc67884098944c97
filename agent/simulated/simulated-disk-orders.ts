import type { DiskOrder, DiskResult } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { digestDiskOrder } from "../disk-orders/disk-order-record.ts";
import { ENDED, type SimulatedInstance } from "./simulated-instance.ts";

/** What a snapshot of a simulated disk takes. */
const SNAPSHOT_MIB = 300;

/** Disk orders of a simulated node, each carried out once. */
export class SimulatedDiskOrders {
  readonly #done = new Map<string, { readonly digest: string; readonly result: DiskResult }>();

  carryOut(instance: SimulatedInstance, order: DiskOrder): DiskResult {
    const digest = digestDiskOrder(instance.id, order);
    const known = this.#done.get(order.orderId);
    if (known !== undefined) {
      if (known.digest !== digest) throw new SlipwayError("conflict", "Another order was given under this id.", { field: "orderId" });
      return known.result;
    }
    instance.refuseIfHeld();
    const result: DiskResult = { usedMib: perform(instance, order), power: instance.isRunning ? "running" : "stopped" };
    this.#done.set(order.orderId, { digest, result });
    return result;
  }
}

/** Returns what it takes on the node, in MiB. */
function perform(instance: SimulatedInstance, order: DiskOrder): number {
  const { disks } = instance;
  switch (order.action) {
    case "rollback": {
      const wasRunning = instance.isRunning && !instance.isRescued;
      disks.rollBack(order.installId, order.keepAs, order.retainSeconds);
      instance.stop(ENDED);
      if (order.start ?? wasRunning) instance.start(order.instance, order.guestData);
      return 0;
    }
    case "snapshot":
      refuseWhileRunning(instance);
      disks.snapshot(order.snapshotId, order.disks);
      return SNAPSHOT_MIB;
    case "restore-snapshot":
      refuseWhileRunning(instance);
      disks.restore(order.snapshotId, order.disks);
      return 0;
    case "delete-snapshot":
      disks.deleteSnapshot(order.snapshotId);
      return 0;
  }
}

function refuseWhileRunning(instance: SimulatedInstance): void {
  if (instance.isRunning) throw new SlipwayError("conflict", "The instance runs: its disks can be copied while it is stopped.");
}
