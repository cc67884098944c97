/** Room on a node for an install (design: install, "Where there is no room for both, the request is refused unless it says `in_place`"). */
import type { InstallPlan } from "./install-plan.ts";
import type { PlannedDisk } from "./plan-refusals.ts";
import { installsAnew } from "./plan-refusals.ts";

export interface NodeRoom {
  readonly memoryFreeMib: number;
  readonly diskFreeMib: number;
}

/** MiB of each that have to be free. */
export interface RoomNeed {
  readonly diskMib: number;
  readonly memoryMib: number;
}

/** MiB of disk that an install fills beside what is on the node already. */
export function neededDiskMib(plan: Pick<InstallPlan, "operation" | "inPlace" | "replacesDisk" | "replacesDataDisks">, disks: readonly PlannedDisk[], hasDisks: boolean): number {
  const total = (of: readonly PlannedDisk[]): number => of.reduce((sum, { sizeMib }) => sum + sizeMib, 0);
  // Dumps of all disks, which are as large as what is on them at the most.
  if (plan.operation === "export") return total(disks);
  if (installsAnew(plan.operation) && !hasDisks) return total(disks);
  return (plan.inPlace ? 0 : (plan.replacesDisk?.sizeMib ?? 0)) + total(plan.replacesDataDisks);
}

/**
 * Why a node has no room, or null. A reinstall fills a new first disk beside the old one; a creation fills all disks.
 * Memory is needed once more only where the instance doesn't have it already.
 *
 * @param inPlaceWouldDo whether the same request would have the room if it wrote to the first disk itself.
 */
export function refuseForRoom(node: string, free: NodeRoom, need: RoomNeed, inPlaceWouldDo = false): { readonly code: "no_room"; readonly message: string } | null {
  const { diskMib, memoryMib } = need;
  if (free.diskFreeMib < diskMib) {
    const otherwise = inPlaceWouldDo ? " With inPlace the first disk itself is written to, which needs none, and what is on it is lost." : "";
    return { code: "no_room", message: `Node ${node} has ${free.diskFreeMib} MiB of disk free; ${diskMib} MiB are needed.${otherwise}` };
  }
  if (free.memoryFreeMib < memoryMib) return { code: "no_room", message: `Node ${node} has ${free.memoryFreeMib} MiB of memory free; ${memoryMib} MiB are needed.` };
  return null;
}
