import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Eraser } from "./erase.ts";

/** Below an instance's folder: one folder for each snapshot, with its disks. */
export const SNAPSHOTS_FOLDER = "snapshots";

/** Where a snapshot's disks lie. */
export function snapshotFolder(folder: string, snapshotId: string): string {
  return join(folder, SNAPSHOTS_FOLDER, z.uuid().parse(snapshotId));
}

/** Gives up every disk in an instance's folder, whatever state it is in, to be overwritten. Can be repeated. */
export async function discardDisks(folder: string, eraser: Eraser): Promise<void> {
  const folders = [folder, ...(await foldersIn(join(folder, SNAPSHOTS_FOLDER)))];
  for (const one of folders) {
    if (!existsSync(one)) continue;
    for (const name of await readdir(one)) if (name.startsWith("disk-")) await eraser.discard(join(one, name), true);
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? (await readdir(folder)).map((name) => join(folder, name)) : [];
}
