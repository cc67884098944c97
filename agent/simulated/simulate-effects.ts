import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { isNewInstance, writesInPlace } from "../installs/order-facts.ts";
import type { SimulatedExports } from "./simulated-exports.ts";
import type { SimulatedEffects } from "./simulated-install.ts";
import { ENDED, type SimulatedInstance } from "./simulated-instance.ts";

/** What is on a disk in place of its system once an install in place has begun to write and hasn't come to its end. */
export const OVERWRITTEN = "overwritten";

/** What an install does to its instance, and takes back. */
export function simulateEffects(instance: SimulatedInstance, order: InstallOrder, exports: SimulatedExports): SimulatedEffects {
  const wasRunning = instance.isRunning && !instance.isRescued;
  const specBefore = instance.spec;
  const { disks } = instance;
  const isOverwritten = (): boolean => disks.system === OVERWRITTEN;
  return {
    stop: () => {
      instance.stop(ENDED);
    },
    overwrite: () => {
      disks.system = OVERWRITTEN;
    },
    commit: () => {
      instance.stop(ENDED);
      if (writesInPlace(order)) disks.system = order.id;
      else disks.replace(order.id, order.retainPreviousSeconds);
    },
    start: () => {
      instance.start(order.instance, { parameters: new Map(), userData: order.userData });
    },
    stopAgain: () => {
      instance.stop(ENDED);
    },
    putBack: (isCommitted) => {
      if (isCommitted) {
        instance.stop(ENDED);
        if (writesInPlace(order)) disks.system = OVERWRITTEN;
        else disks.takeBack(order.id);
      }
      if (isNewInstance(order)) disks.system = null;
      if (order.operation === "export" && order.exportId !== null) exports.remove(order.exportId);
      if (wasRunning && specBefore !== null && !isOverwritten()) instance.start(specBefore, null);
    },
    exportFiles: () => {
      const { exportId } = order;
      if (exportId === null) return [];
      return order.instance.disks.map(({ index }) => exports.write(exportId, index, `disk ${String(index)} of ${String(disks.system)}`));
    },
  };
}
