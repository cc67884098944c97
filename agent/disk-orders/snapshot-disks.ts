import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DiskResult } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { syncFolder } from "../files.ts";
import { diskFile, MIB } from "../installs/disks.ts";
import { allocatedBytes } from "../installs/room.ts";
import type { Instance } from "../instances/instance.ts";
import { copyDisk } from "./copy-disk.ts";
import type { DiskOrderRun, WorkOf } from "./disk-order-context.ts";
import type { Eraser } from "./erase.ts";
import { snapshotFolder } from "./instance-files.ts";

/** A snapshot that isn't whole: still being made, or already being deleted. */
const UNFINISHED = ".partial";

export function refuseWhileRunning(instance: Instance): void {
  if (instance.isRunning) throw new SlipwayError("conflict", "The instance runs: its disks can be copied while it is stopped.");
}

/** Before a snapshot is begun: everything that can be known without copying. */
export function checkSnapshot(instance: Instance, { snapshotId, disks }: WorkOf<"snapshot">): void {
  refuseWhileRunning(instance);
  if (existsSync(snapshotFolder(instance.folder, snapshotId))) throw new SlipwayError("exists", "The instance has a snapshot with this id already.", { field: "snapshotId" });
  for (const index of disks) {
    if (!existsSync(join(instance.folder, diskFile(index)))) throw new SlipwayError("conflict", `The instance has no disk ${String(index)} on this node.`, { field: "disks" });
  }
}

/** Copies disks of a stopped instance beside them. The snapshot is there as a whole or not at all: one rename of its folder. */
export async function takeSnapshot(run: DiskOrderRun, { snapshotId, disks }: WorkOf<"snapshot">): Promise<DiskResult> {
  const { instance, rooms, record, signal } = run;
  const target = snapshotFolder(instance.folder, snapshotId);
  const partial = `${target}${UNFINISHED}`;
  await discardFolder(partial, run.eraser, true);
  await mkdir(partial, { recursive: true, mode: 0o700 });
  const wanted: { file: string; bytes: number }[] = [];
  const reserve = async (file: string, bytes: number): Promise<void> => {
    wanted.push({ file, bytes });
    await rooms.reserve(record.orderId, wanted);
  };
  try {
    let bytes = 0;
    for (const index of disks) bytes += await copyDisk(join(instance.folder, diskFile(index)), join(partial, diskFile(index)), { reserve, signal });
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(dirname(target));
    await syncFolder(instance.folder);
    return { power: "stopped", usedMib: Math.ceil(bytes / MIB) };
  } finally {
    rooms.release(record.orderId);
  }
}

/** Nothing of a snapshot that wasn't finished stays. Can be repeated. */
export async function undoSnapshot({ instance, eraser }: DiskOrderRun, { snapshotId }: WorkOf<"snapshot">): Promise<void> {
  await discardFolder(`${snapshotFolder(instance.folder, snapshotId)}${UNFINISHED}`, eraser, true);
}

/** What an earlier process had made of a snapshot; null: it isn't whole. */
export async function foundSnapshot({ instance }: DiskOrderRun, { snapshotId }: WorkOf<"snapshot">): Promise<DiskResult | null> {
  const folder = snapshotFolder(instance.folder, snapshotId);
  if (!existsSync(folder)) return null;
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += await allocatedBytes(join(folder, name));
  return { power: instance.isRunning ? "running" : "stopped", usedMib: Math.ceil(bytes / MIB) };
}

/** Deletes a snapshot; one that isn't there is deleted. Can be repeated, and is gone on with after a restart. */
export async function deleteSnapshot({ instance, eraser }: DiskOrderRun, { snapshotId, erase }: WorkOf<"delete-snapshot">): Promise<DiskResult> {
  const folder = snapshotFolder(instance.folder, snapshotId);
  const partial = `${folder}${UNFINISHED}`;
  if (existsSync(folder)) {
    await rename(folder, partial);
    await syncFolder(dirname(folder));
  }
  await discardFolder(partial, eraser, erase);
  return { power: instance.isRunning ? "running" : "stopped", usedMib: 0 };
}

async function discardFolder(folder: string, eraser: Eraser, erase: boolean): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) await eraser.discard(join(folder, name), erase);
  await rm(folder, { recursive: true, force: true });
  await syncFolder(dirname(folder));
}
