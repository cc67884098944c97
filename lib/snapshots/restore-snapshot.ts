import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { readInstance } from "#lib/instances/read-instance.ts";
import { findSnapshot, requireIdle, requireStopped, submitDiskWork } from "./disk-work.ts";
import { readSnapshotDisks } from "./snapshot-view.ts";

/**
 * Puts the disks of a stopped instance back as they were when a snapshot was taken; what is on them now is lost. The snapshot stays.
 *
 * @throws SlipwayError `unknown_object`, `conflict` where it runs or a disk has another size by now, `node_unreachable`
 */
export async function restoreSnapshot(ctx: RequestContext, instanceName: string, name: string): Promise<{ readonly jobId: number }> {
  const row = await readInstance(ctx, "instance.snapshot", instanceName);
  const snapshot = await findSnapshot(ctx.services.db, row, name);
  requireIdle(row);
  requireStopped(row);
  for (const { index, sizeMib } of readSnapshotDisks(snapshot.disks)) {
    if (row.disks.find((disk) => disk.index === index)?.sizeMib !== sizeMib) throw new SlipwayError("conflict", `Disk ${index} of instance ${row.name} isn't the one that was copied.`, { field: "instance" });
  }
  const jobId = await submitDiskWork(ctx, row, {
    action: "restore-snapshot",
    snapshotId: snapshot.id,
    ops: diskChangeOpcodes({ name: row.name, instanceId: row.id }, { kind: "restore-snapshot", snapshot: name }, { interface: ctx.interface, at: new Date() }),
    auditDetails: { action: "restore-snapshot", snapshot: name },
  });
  return { jobId };
}
