import { open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { syncFile } from "../files.ts";

export const MIB = 1_048_576;

/** An instance's disks are raw files of its folder. */
export function diskFile(index: number): string {
  return `disk-${String(index)}`;
}

/** A disk that is being filled. */
export function newDiskFile(index: number): string {
  return `${diskFile(index)}.new`;
}

/** MiB free in a folder for files of this user. */
export async function freeMib(folder: string): Promise<{ total: number; free: number }> {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { total: Math.floor((blocks * bsize) / MIB), free: Math.floor((bavail * bsize) / MIB) };
}

/** A sparse file of the disk's size, in MiB, in the place of what was there under this name. */
export async function createDisk(folder: string, file: string, sizeMib: number): Promise<void> {
  const path = join(folder, file);
  await rm(path, { force: true });
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.truncate(sizeMib * MIB);
  } finally {
    await handle.close();
  }
}

/** Whether a disk is what it should be: as large as ordered, and not as empty as it was made. */
export async function verifyDisk(folder: string, file: string, sizeMib: number): Promise<void> {
  const { size, blocks } = await stat(join(folder, file));
  if (size !== sizeMib * MIB) throw new SlipwayError("internal", "The new disk isn't as large as it was made.");
  if (blocks === 0) throw new SlipwayError("script_failed", "The end was reported, and nothing has been written to the disk.");
}

/** Makes what a guest wrote survive a loss of power. */
export async function syncDisk(folder: string, file: string): Promise<void> {
  await syncFile(join(folder, file));
}
