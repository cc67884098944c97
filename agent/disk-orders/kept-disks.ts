import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Eraser } from "./erase.ts";

/** A disk as it was before an install or a rollback, kept for a while under that one's id. */
export function keptDiskFile(index: number, id: string): string {
  return `disk-${String(index)}.previous-${z.uuid().parse(id)}`;
}

/** Indexes of the disks that an instance's folder keeps under an id, in order; none where the folder isn't there. */
export async function keptIndexes(folder: string, id: string): Promise<number[]> {
  if (!existsSync(folder)) return [];
  const indexes = (await readdir(folder)).map((name) => /^disk-(\d{1,2})\.previous-/.exec(name)?.[1]).filter((digits) => digits !== undefined);
  const kept = [...new Set(indexes.map(Number))].filter((index) => existsSync(join(folder, keptDiskFile(index, id))));
  return kept.sort((a, b) => a - b);
}

/** Gives up the disks that are kept under an id. Can be repeated. */
export async function discardKept(folder: string, id: string, eraser: Eraser, erase: boolean): Promise<void> {
  for (const index of await keptIndexes(folder, id)) await eraser.discard(join(folder, keptDiskFile(index, id)), erase);
}
