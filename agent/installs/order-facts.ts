import type { InstallOrder } from "#lib/agent-protocol/messages.ts";

/** MiB of the first disk; 0 where there is none. */
export function firstDiskMib(order: InstallOrder): number {
  return order.instance.disks.find(({ index }) => index === 0)?.sizeMib ?? 0;
}

/** Whether the instance has nothing that is to be kept: its disks are all made anew. */
export function isNewInstance({ operation }: InstallOrder): boolean {
  return operation === "create" || operation === "import";
}

/** Whether the present disks themselves are written to. A creation has none. */
export function writesInPlace(order: InstallOrder): boolean {
  return order.inPlace && !isNewInstance(order);
}

export function hasMedium({ medium }: InstallOrder): boolean {
  return Object.keys(medium).length > 0;
}

export function runsIn(order: InstallOrder, place: "appliance" | "host"): boolean {
  return order.os?.places.includes(place) ?? false;
}

/**
 * Whether a script changes or reads the disk that the running system has: then that is stopped before anything is filled. An image that
 * is written in place stops it by itself, when its first byte is to be written.
 */
export function stopsFirst(order: InstallOrder): boolean {
  return (writesInPlace(order) && order.image === null) || order.operation === "rename" || order.operation === "export";
}

/** An image without a script that says at its first boot how that went. */
export function confirmsFirstBoot(order: InstallOrder): boolean {
  return order.completion === "first_boot" && !hasMedium(order);
}
