import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { summarise } from "#lib/domain/ganeti-opcodes.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { toJson } from "./to-json.ts";

export interface CheckedJob {
  readonly operation: Operation;
  readonly ops: readonly Opcode[];
  readonly instance: { readonly name: string };
}

/** The opcodes as they were asked for: Ganeti's say of themselves that they are a dry run. */
export function markDryRun(ctx: RequestContext, ops: readonly Opcode[]): readonly Opcode[] {
  return ctx.dryRun === true ? ops.map((op) => ({ ...op, dry_run: true })) : ops;
}

/**
 * Puts a request on record whose checks all passed and which was not to be carried out, as a job that has succeeded
 * (design: rapi; Ganeti's `dry-run`). It holds no instance and belongs to who asked.
 */
export async function recordDryRun(ctx: RequestContext, { operation, ops, instance }: CheckedJob): Promise<number> {
  const now = new Date();
  const requestedById = ctx.identity.kind === "user" ? ctx.identity.userId : null;
  return ctx.services.db.$transaction(async (tx) => {
    const { id } = await tx.job.create({
      data: {
        status: "success",
        ops: toJson(markDryRun(ctx, ops)),
        opStatus: ops.map(() => "success" as const),
        opResult: ops.map(() => null),
        summary: summarise(ops),
        request: { kind: "on-record" },
        instanceName: instance.name,
        requestedById,
        requester: ctx.identity.name,
        interface: ctx.interface,
        receivedAt: now,
        startedAt: now,
        endedAt: now,
      },
      select: { id: true },
    });
    await appendAudit(tx, ctx, { action: operation, object: { kind: "instance", name: instance.name }, outcome: "done", details: { jobId: id, dryRun: true } });
    await appendEvents(tx, [{ payload: { type: "job.changed", jobId: id, status: "success", instanceName: instance.name }, ownerId: requestedById }]);
    return id;
  });
}
