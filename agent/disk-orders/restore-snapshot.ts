import { existsSync } from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DiskResult } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { syncFolder } from "../files.ts";
import { diskFile } from "../installs/disks.ts";
import type { Instance } from "../instances/instance.ts";
import { copyDisk } from "./copy-disk.ts";
import type { DiskOrderRun, WorkOf } from "./disk-order-context.ts";
import { snapshotFolder } from "./instance-files.ts";
import { refuseWhileRunning } from "./snapshot-disks.ts";

type Restore = WorkOf<"restore-snapshot">;

function restoringFile(index: number): string {
  return `${diskFile(index)}.restoring`;
}

/** The second name of a disk that is being replaced, by which it is given up. */
function replacedFile(index: number): string {
  return `${diskFile(index)}.replaced`;
}

export function checkRestore(instance: Instance, { snapshotId, disks }: Restore): void {
  refuseWhileRunning(instance);
  const folder = snapshotFolder(instance.folder, snapshotId);
  if (!existsSync(folder)) throw new SlipwayError("unknown_object", "The node has no such snapshot of the instance.", { field: "snapshotId" });
  for (const index of disks) {
    if (!existsSync(join(folder, diskFile(index)))) throw new SlipwayError("conflict", `The snapshot has no disk ${String(index)}.`, { field: "disks" });
  }
}

/** Copies a snapshot's disks, and then puts the copies in the place of the instance's: until then nothing of these is touched. */
export async function restoreSnapshot(run: DiskOrderRun, work: Restore): Promise<DiskResult> {
  const { instance, rooms, record, signal } = run;
  const source = snapshotFolder(instance.folder, work.snapshotId);
  const wanted: { file: string; bytes: number }[] = [];
  const reserve = async (file: string, bytes: number): Promise<void> => {
    wanted.push({ file, bytes });
    await rooms.reserve(record.orderId, wanted);
  };
  try {
    for (const index of work.disks) {
      const target = join(instance.folder, restoringFile(index));
      await rm(target, { force: true });
      await copyDisk(join(source, diskFile(index)), target, { reserve, signal });
    }
  } finally {
    rooms.release(record.orderId);
  }
  await syncFolder(instance.folder);
  await run.save({ phase: "swapping" });
  return finishRestore(run, work);
}

/** From the first rename on there is only the way forward. Can be repeated. */
export async function finishRestore({ instance, eraser }: DiskOrderRun, { disks, erase }: Restore): Promise<DiskResult> {
  const { folder } = instance;
  for (const index of disks) {
    const current = join(folder, diskFile(index));
    const restoring = join(folder, restoringFile(index));
    const replaced = join(folder, replacedFile(index));
    if (!existsSync(restoring)) continue;
    await rm(replaced, { force: true });
    if (existsSync(current)) await link(current, replaced);
    await rename(restoring, current);
  }
  await syncFolder(folder);
  instance.forgetHostKeys();
  for (const index of disks) await eraser.discard(join(folder, replacedFile(index)), erase);
  return { power: "stopped", usedMib: 0 };
}

/** Before the first rename: the copies go. Can be repeated. */
export async function undoRestore({ instance, eraser }: DiskOrderRun, { disks }: Restore): Promise<void> {
  for (const index of disks) await eraser.discard(join(instance.folder, restoringFile(index)), true);
}
