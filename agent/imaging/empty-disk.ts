import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Makes a disk's file one hole, if it isn't: from there on zeros need not be written. Refuses anything but a file of the disk's size. */
export async function emptyDisk(file: string, diskBytes: number): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size !== diskBytes) throw new SlipwayError("internal", "The disk that is to be written isn't a file of its size.");
    if (stats.blocks === 0) return;
    await handle.truncate(0);
    await handle.truncate(diskBytes);
  } finally {
    await handle.close();
  }
}

/** Makes what was written to a disk durable. */
export async function syncDisk(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
