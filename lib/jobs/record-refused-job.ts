import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { SlipwayError } from "#lib/domain/errors.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { refusedResults, summarise } from "#lib/domain/ganeti-opcodes.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { toJson } from "./to-json.ts";
import { markDryRun } from "./record-dry-run.ts";

export interface RefusedJob {
  readonly operation: Operation;
  readonly instanceName: string;
  readonly ops: readonly Opcode[];
  readonly error: SlipwayError;
}

/**
 * Puts a request on record that was refused before anything was touched, as a job that has failed: RAPI answers a submission
 * with a job id whatever its fate (design: rapi, "Conventions"). It holds no instance and belongs to who asked.
 */
export async function recordRefusedJob(ctx: RequestContext, refused: RefusedJob): Promise<number> {
  const { ops, error } = refused;
  const now = new Date();
  return ctx.services.db.$transaction(async (tx) => {
    const { id } = await tx.job.create({
      data: {
        status: "error",
        ops: toJson(markDryRun(ctx, ops)),
        opStatus: ops.map(() => "error" as const),
        opResult: toJson(refusedResults(ops.length, error.code, error.message)),
        summary: summarise(ops),
        request: { kind: "on-record" },
        instanceName: refused.instanceName,
        requestedById: ctx.identity.kind === "user" ? ctx.identity.userId : null,
        requester: ctx.identity.name,
        interface: ctx.interface,
        errorCode: error.code,
        errorMessage: error.message,
        receivedAt: now,
        startedAt: now,
        endedAt: now,
      },
      select: { id: true },
    });
    await appendAudit(tx, ctx, {
      action: refused.operation,
      object: { kind: "instance", name: refused.instanceName },
      outcome: "failed",
      errorCode: error.code,
      details: { jobId: id, names: error.names },
    });
    const ownerId = ctx.identity.kind === "user" ? ctx.identity.userId : null;
    await appendEvents(tx, [{ payload: { type: "job.changed", jobId: id, status: "error", instanceName: refused.instanceName }, ownerId }]);
    return id;
  });
}
