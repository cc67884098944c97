import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { checkImage } from "../imaging/check-image.ts";
import { diskFile, MIB } from "./disks.ts";
import type { Install } from "./install.ts";
import { firstDiskMib } from "./order-facts.ts";
import { allocatedBytes, type Wanted } from "./room.ts";
import type { WorkDisk } from "./work-disks.ts";

/**
 * Whether the image can be reached and fits, and whether there is room for everything that the install will write (design: install,
 * "disk large enough for the image's virtual size", "Where there is no room for both, the request is refused"). Promises it that room.
 */
export async function checkSources(install: Install, disks: readonly WorkDisk[]): Promise<void> {
  const { order, context, instance } = install;
  const wanted: Wanted[] = disks.map(({ file, sizeMib }) => ({ file: join(instance.folder, file), bytes: sizeMib * MIB }));
  if (order.image !== null) wanted.push(...(await checkFirstImage(install)));
  if (order.operation === "export") wanted.splice(0, wanted.length, ...(await exportSizes(install)));
  await context.rooms.reserve(install.id, wanted);
}

async function checkFirstImage({ order, context, policy, signal }: Install): Promise<Wanted[]> {
  const { image } = order;
  if (image === null) return [];
  const sizeMib = firstDiskMib(order);
  const { bytes, virtualBytes } = await checkImage({ image, sizeMib, policy, cache: context.images, signal });
  if (virtualBytes !== null && virtualBytes > sizeMib * MIB) {
    throw new SlipwayError("disk_too_small", `The image is ${String(Math.ceil(virtualBytes / MIB))} MiB large, and the first disk ${String(sizeMib)} MiB.`, { field: "image" });
  }
  // What can't be streamed is laid down first.
  return image.format === "qcow2" ? [{ file: null, bytes: bytes ?? sizeMib * MIB }] : [];
}

/** An export is about as large as what the disks take now. */
async function exportSizes({ order, instance }: Install): Promise<Wanted[]> {
  return Promise.all(order.instance.disks.map(async ({ index }) => ({ file: null, bytes: await allocatedBytes(join(instance.folder, diskFile(index))) })));
}
