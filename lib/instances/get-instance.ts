import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import { blockedActions } from "#lib/domain/instance-status.ts";
import type { InstanceAction, InstanceDetail } from "#lib/domain/instance.ts";
import { instanceParameters } from "./effective-parameters.ts";
import { instanceFacts, instanceSummary } from "./instance-row.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";

/** @throws SlipwayError `unknown_object` */
export async function getInstance(ctx: RequestContext, name: string): Promise<InstanceDetail> {
  const row = await readInstance(ctx, "instance.read", name);
  return {
    ...instanceSummary(row),
    serialNo: row.serialNo,
    communication: row.communication,
    disks: row.disks,
    nics: row.nics.map(({ id, index, mac, ip, mode, link, name: nicName }) => ({ id, index, mac, ip, mode, link, name: nicName })),
    parameters: await instanceParameters(ctx.services, row),
    lockedByJobId: row.lockedByJobId,
    blockedActions: await blocked(ctx, row),
  };
}

/** What the state forbids, and what this person may not do. */
async function blocked(ctx: RequestContext, row: DetailRow): Promise<Partial<Record<InstanceAction, string>>> {
  const job = row.lockedByJobId === null ? null : await ctx.services.db.job.findUnique({ where: { id: row.lockedByJobId }, select: { cancelRequestedAt: true } });
  const lock = row.lockedByJobId === null ? null : { jobId: row.lockedByJobId, cancelRequested: (job?.cancelRequestedAt ?? null) !== null };
  const state = blockedActions(instanceFacts(row), lock);
  return reach(ctx.identity, "instance.delete") === "none" ? { ...state, delete: "Only administrators delete instances." } : state;
}
