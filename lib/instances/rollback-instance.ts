import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import type { RollbackInput } from "./change-schemas.ts";
import { factsOf } from "./choose-node.ts";
import { beforeJob } from "./before-job.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";
import { GRACE_SECONDS } from "./set-instance-power.ts";

/**
 * Brings back the system that the last install replaced, with what was stored about it (design: install, "`rollback` swaps back"). What
 * runs until then becomes the previous one: rolling back twice is where one was.
 *
 * @throws SlipwayError `unknown_object`, `conflict` where none is kept any more or a job holds the instance, `node_unreachable`
 */
export async function rollbackInstance(ctx: RequestContext, name: string, input: RollbackInput): Promise<{ readonly jobId: number }> {
  const graceSeconds = input.graceSeconds ?? GRACE_SECONDS;
  const ops = (instanceId: string | null) => diskChangeOpcodes({ name, instanceId }, { kind: "rollback", graceSeconds }, { interface: ctx.interface, at: new Date() });
  return orRefusedJob(ctx, { operation: "instance.rollback", instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, "instance.rollback", name);
    if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
    const { previous } = row;
    if (previous === null) throw new SlipwayError("conflict", `No previous system of instance ${row.name} is kept.`, { field: "instance" });
    if (previous.until <= new Date()) throw new SlipwayError("conflict", `The previous system of instance ${row.name} was kept until ${previous.until.toISOString()}.`, { field: "instance" });
    const unreachable = nodeProblem(row.node);
    if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
    const start = input.start ?? null;
    const jobId = await acceptJob(ctx, {
      operation: "instance.rollback",
      request: {
        kind: "instance.rollback",
        orderId: randomUUID(),
        keptAs: previous.keptAs,
        graceSeconds,
        start,
        before: await beforeJob(ctx.services.db, row),
      },
      ops: ops(row.id),
      instance: { id: row.id, name: row.name, ownerId: row.ownerId },
      serialNo: row.serialNo,
      privateValues: new Map(),
      secrets: new Map(),
      auditDetails: { keptAs: previous.keptAs, graceSeconds, start },
      write: async (tx) => {
        if (!row.communication || start === false) return;
        const node = await tx.node.findUniqueOrThrow({ where: { id: row.nodeId } });
        if (hasChannelAddresses(factsOf(node))) await allocateChannelAddress(tx, { instanceId: row.id });
      },
    });
    return { jobId };
  });
}
