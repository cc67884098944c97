import { appendAudit } from "#lib/audit/append-audit.ts";
import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { summarise } from "#lib/domain/ganeti-opcodes.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { toJson } from "./to-json.ts";

export interface DoneJob {
  readonly operation: Operation;
  readonly ops: readonly Opcode[];
  readonly instance: { readonly id: string; readonly name: string; readonly ownerId: string | null };
  /** Of the first opcode, as Ganeti has it. */
  readonly result: unknown;
  readonly auditDetails: PublicFacts;
}

/**
 * Puts a change on record that this very transaction makes, as a job that has succeeded: nothing of it is a node's to carry out.
 *
 * @returns its id, and what the feed is to say; the caller appends it as the last act of its transaction.
 */
export async function recordDoneJob(tx: Transaction, ctx: RequestContext, { operation, ops, instance, result, auditDetails }: DoneJob): Promise<{ readonly jobId: number; readonly events: NewEvent[] }> {
  const now = new Date();
  const { id } = await tx.job.create({
    data: {
      status: "success",
      ops: toJson(ops),
      opStatus: ops.map(() => "success" as const),
      opResult: toJson(ops.map((_, index) => (index === 0 ? result : null))),
      summary: summarise(ops),
      request: { kind: "on-record" },
      instanceName: instance.name,
      instanceId: instance.id,
      requestedById: ctx.identity.kind === "user" ? ctx.identity.userId : null,
      requester: ctx.identity.name,
      interface: ctx.interface,
      receivedAt: now,
      startedAt: now,
      endedAt: now,
    },
    select: { id: true },
  });
  await appendAudit(tx, ctx, { action: operation, object: { kind: "instance", name: instance.name }, outcome: "done", details: { jobId: id, ...auditDetails } });
  return {
    jobId: id,
    events: [
      { payload: { type: "job.changed", jobId: id, status: "success", instanceName: instance.name }, ownerId: instance.ownerId },
      { payload: { type: "instance.changed", name: instance.name }, ownerId: instance.ownerId },
    ],
  };
}
