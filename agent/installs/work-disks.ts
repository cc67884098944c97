import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { diskFile, newDiskFile } from "./disks.ts";
import type { Install } from "./install.ts";
import { writesInPlace } from "./order-facts.ts";

/** A disk with which an install's scripts work; `file` is one of the instance's folder. */
export interface WorkDisk {
  readonly index: number;
  readonly sizeMib: number;
  readonly file: string;
  readonly isReadOnly: boolean;
}

/**
 * Indexes of the disks that an order makes anew (design: install, "Data disks are left alone unless named"): all of a new instance,
 * the first one otherwise, the data disks that the request named, and those that the node hasn't got.
 *
 * @param present indexes of the disks that are there
 */
export function replacedDisks(order: InstallOrder, present: ReadonlySet<number>): number[] {
  const indexes = order.instance.disks.map(({ index }) => index);
  switch (order.operation) {
    case "create":
    case "import":
      return indexes;
    case "export":
      return [];
    case "rename":
      return [0];
    case "reinstall":
      return indexes.filter((index) => index === 0 || order.replaceDataDisks.includes(index) || !present.has(index));
  }
}

/** The disks of an install's work: those that it makes anew, where they are made, or for an export all of them as they are. */
export function workDisks({ order, record }: Install): WorkDisk[] {
  const isExport = order.operation === "export";
  return order.instance.disks
    .filter(({ index }) => isExport || record.replaces.includes(index))
    .map(({ index, sizeMib }) => ({ index, sizeMib, file: isExport || writesInPlace(order) ? diskFile(index) : newDiskFile(index), isReadOnly: isExport }));
}
