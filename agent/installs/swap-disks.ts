import { existsSync, renameSync } from "node:fs";
import { link, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Eraser } from "../disk-orders/erase.ts";
import { keptDiskFile } from "../disk-orders/kept-disks.ts";
import { syncFolder } from "../files.ts";
import { diskFile, newDiskFile } from "./disks.ts";
import type { InstallRecord } from "./install-record.ts";

/** Where disks go that are given up, and whether they are overwritten there. */
export interface Discard {
  readonly eraser: Eraser;
  readonly erase: boolean;
}

const NEW_DISK = /^disk-\d{1,2}\.new$/;

/** Keeps a second name for the present disks, so that the swap takes nothing away. */
export async function keepPrevious(folder: string, installId: string, indexes: readonly number[]): Promise<void> {
  for (const index of indexes) {
    const current = join(folder, diskFile(index));
    const previous = join(folder, keptDiskFile(index, installId));
    await rm(previous, { force: true });
    if (existsSync(current)) await link(current, previous);
  }
  await syncFolder(folder);
}

/**
 * Makes the new first disk the instance's disk: one rename, the install's commit point. Synchronous, so that nothing comes
 * between the caller's last look at lease and cancellation and the rename.
 */
export function swapFirstDisk(folder: string): void {
  renameSync(join(folder, newDiskFile(0)), join(folder, diskFile(0)));
}

/** Whether an install that isn't over has passed its commit point: what is written down tells, or the files. */
export function isSwapped(folder: string, phase: InstallRecord["phase"]): boolean {
  return phase === "committed" || (phase === "swapping" && !existsSync(join(folder, newDiskFile(0))));
}

/** After the commit point: the other new disks follow. Can be repeated. */
export async function finishSwap(folder: string): Promise<void> {
  await syncFolder(folder);
  for (const name of await readdir(folder)) {
    if (NEW_DISK.test(name)) await rename(join(folder, name), join(folder, name.slice(0, -".new".length)));
  }
  await syncFolder(folder);
}

/**
 * Takes a swap back: the previous disks are the instance's again, and what had none goes. Can be repeated.
 *
 * @param indexes those that the install replaced; `had`: those of them that were there before it
 */
export async function swapBack(folder: string, installId: string, indexes: readonly number[], had: readonly number[], { eraser, erase }: Discard): Promise<void> {
  for (const index of indexes) {
    const current = join(folder, diskFile(index));
    const previous = join(folder, keptDiskFile(index, installId));
    if (existsSync(previous)) {
      // A second name of the same disk, where this one wasn't swapped yet, is left to the previous one.
      await eraser.discard(current, erase);
      await rename(previous, current);
    } else if (!had.includes(index)) {
      await eraser.discard(current, erase);
    }
  }
  await syncFolder(folder);
}

/** Removes an uncommitted install's disks and the second names of the present ones. Can be repeated. */
export async function discardNew(folder: string, installId: string, indexes: readonly number[], { eraser, erase }: Discard): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) if (NEW_DISK.test(name)) await eraser.discard(join(folder, name), erase);
  for (const index of indexes) await rm(join(folder, keptDiskFile(index, installId)), { force: true });
  await syncFolder(folder);
}
