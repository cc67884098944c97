import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { deleteOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";

/**
 * Removes an instance: its guest and disks on the node, then what is known of it.
 *
 * @throws SlipwayError `unknown_object`, `conflict`, `node_unreachable`
 */
export async function deleteInstance(ctx: RequestContext, name: string): Promise<{ readonly jobId: number }> {
  const ops = (instanceId: string | null) => deleteOpcodes({ name, instanceId }, { interface: ctx.interface, at: new Date() });
  return orRefusedJob(ctx, { operation: "instance.delete", instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, "instance.delete", name);
    if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
    const unreachable = nodeProblem(row.node);
    if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
    const jobId = await acceptJob(ctx, {
      operation: "instance.delete",
      request: { kind: "instance.delete", orderId: randomUUID() },
      ops: ops(row.id),
      instance: { id: row.id, name: row.name, ownerId: row.ownerId },
      serialNo: row.serialNo,
      privateValues: new Map(),
      secrets: new Map(),
    });
    return { jobId };
  });
}
