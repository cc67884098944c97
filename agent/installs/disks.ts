import { existsSync, renameSync } from "node:fs";
import { link, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { syncFile, syncFolder } from "../files.ts";

const MIB = 1_048_576;
/** Left free on the node whatever is asked for. */
const RESERVE_MIB = 256;

/** An instance's disks are raw files of its folder. */
export function diskFile(index: number): string {
  return `disk-${String(index)}`;
}

/** A disk that is being filled. */
export function newDiskFile(index: number): string {
  return `${diskFile(index)}.new`;
}

/** The first disk as it was before an install, kept for a while. */
export function previousDiskFile(installId: string): string {
  return `${diskFile(0)}.previous-${installId}`;
}

/** MiB free in a folder for files of this user. */
export async function freeMib(folder: string): Promise<{ total: number; free: number }> {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { total: Math.floor((blocks * bsize) / MIB), free: Math.floor((bavail * bsize) / MIB) };
}

/** Refuses where the node has no room for disks of this size in all, in MiB, beside what is there. */
export async function checkRoom(folder: string, sizeMib: number): Promise<void> {
  const { free } = await freeMib(folder);
  if (free < sizeMib + RESERVE_MIB) {
    throw new SlipwayError("no_room", `The node has ${String(free)} MiB free; the new disks need ${String(sizeMib)} MiB.`, { field: "disks" });
  }
}

/** A sparse file of the disk's size. */
export async function createDisk(folder: string, index: number, sizeMib: number): Promise<void> {
  const path = join(folder, newDiskFile(index));
  await rm(path, { force: true });
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.truncate(sizeMib * MIB);
  } finally {
    await handle.close();
  }
}

/** Whether a new disk is what it should be: as large as ordered, and not as empty as it was made. */
export async function verifyDisk(folder: string, index: number, sizeMib: number): Promise<void> {
  const { size, blocks } = await stat(join(folder, newDiskFile(index)));
  if (size !== sizeMib * MIB) throw new SlipwayError("internal", "The new disk isn't as large as it was made.");
  if (blocks === 0) throw new SlipwayError("script_failed", "The script reported its end and has written nothing to the disk.");
}

/** Makes what the appliance wrote survive a loss of power. */
export async function syncDisk(folder: string, index: number): Promise<void> {
  await syncFile(join(folder, newDiskFile(index)));
}

/** Keeps a second name for the present first disk, so that the swap takes nothing away. */
export async function keepPrevious(folder: string, installId: string): Promise<void> {
  const current = join(folder, diskFile(0));
  const previous = join(folder, previousDiskFile(installId));
  await rm(previous, { force: true });
  if (existsSync(current)) await link(current, previous);
  await syncFolder(folder);
}

/**
 * Makes the new first disk the instance's disk: one rename, the install's commit point. Synchronous, so that nothing comes
 * between the caller's last look at lease and cancellation and the rename.
 */
export function swapFirstDisk(folder: string): void {
  renameSync(join(folder, newDiskFile(0)), join(folder, diskFile(0)));
}

/** After the commit point: the other new disks follow. Can be repeated. */
export async function finishSwap(folder: string): Promise<void> {
  await syncFolder(folder);
  for (const name of await readdir(folder)) {
    if (/^disk-\d+\.new$/.test(name)) await rename(join(folder, name), join(folder, name.slice(0, -".new".length)));
  }
  await syncFolder(folder);
}

/** Takes a swap back: the previous disk is the instance's disk again. Can be repeated. */
export async function swapBack(folder: string, installId: string): Promise<void> {
  const previous = join(folder, previousDiskFile(installId));
  if (existsSync(previous)) await rename(previous, join(folder, diskFile(0)));
  await syncFolder(folder);
}

/** Removes an uncommitted install's disks and the second name of the present one. */
export async function discardNew(folder: string, installId: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) {
    if (/^disk-\d+\.new$/.test(name) || name === previousDiskFile(installId)) await rm(join(folder, name), { force: true });
  }
  await syncFolder(folder);
}

export async function removePrevious(folder: string, installId: string): Promise<void> {
  await rm(join(folder, previousDiskFile(installId)), { force: true });
}
