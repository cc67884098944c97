import type { RequestContext } from "#lib/context/context.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { readInstance } from "#lib/instances/read-instance.ts";
import { findSnapshot, requireIdle, submitDiskWork } from "./disk-work.ts";

/** Removes a snapshot from the node; the instance may run. @throws SlipwayError `unknown_object`, `conflict`, `node_unreachable` */
export async function deleteSnapshot(ctx: RequestContext, instanceName: string, name: string): Promise<{ readonly jobId: number }> {
  const row = await readInstance(ctx, "instance.snapshot", instanceName);
  const snapshot = await findSnapshot(ctx.services.db, row, name);
  requireIdle(row);
  const jobId = await submitDiskWork(ctx, row, {
    action: "delete-snapshot",
    snapshotId: snapshot.id,
    ops: diskChangeOpcodes({ name: row.name, instanceId: row.id }, { kind: "delete-snapshot", snapshot: name }, { interface: ctx.interface, at: new Date() }),
    auditDetails: { action: "delete-snapshot", snapshot: name },
  });
  return { jobId };
}
