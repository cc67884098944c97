/**
 * The one place that accepts a job (design: install, "accepted → queued"; visibility, rows "job and queue records" and
 * "memory of the process that accepted the request"). Either all of it is there afterwards or nothing.
 */
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { summarise } from "#lib/domain/ganeti-opcodes.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import type { Private, Secret } from "#lib/domain/visibility.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { recordDryRun } from "./record-dry-run.ts";
import { toJson } from "./to-json.ts";

export interface JobToAccept {
  readonly operation: Operation;
  readonly request: JobRequest;
  readonly ops: readonly Opcode[];
  readonly instance: { readonly id: string; readonly name: string; readonly ownerId: string | null };
  /** The instance's serial number when it was read: it is taken only if it hasn't changed. Null: it is made by `write`. */
  readonly serialNo: number | null;
  /** New private values, kept encrypted beside the job until it ends. */
  readonly privateValues: ReadonlyMap<string, Private<string>>;
  /** Kept in this process's memory until the job ends. */
  readonly secrets: ReadonlyMap<string, Secret<string>>;
  readonly auditDetails?: PublicFacts;
  /** Writes what else belongs to the job: install, instance. */
  readonly write?: (tx: Transaction, jobId: number) => Promise<void>;
}

/**
 * Accepts a job and queues it. In a dry run the job is only put on record, as one that has succeeded.
 *
 * @returns the job's id.
 * @throws SlipwayError `conflict`, naming the job that holds the instance, or because the instance changed meanwhile.
 */
export async function acceptJob(ctx: RequestContext, job: JobToAccept): Promise<number> {
  if (ctx.dryRun === true) return recordDryRun(ctx, job);
  const { services } = ctx;
  const secretNames = [...job.secrets.keys()];
  const held: number[] = [];
  try {
    return await services.db.$transaction(async (tx) => {
      const { id } = await tx.job.create({
        data: {
          status: "queued",
          ops: toJson(job.ops),
          opStatus: job.ops.map(() => "queued" as const),
          opResult: job.ops.map(() => null),
          summary: summarise(job.ops),
          request: toJson(job.request),
          instanceName: job.instance.name,
          instanceId: job.instance.id,
          requestedById: ctx.identity.kind === "user" ? ctx.identity.userId : null,
          requester: ctx.identity.name,
          interface: ctx.interface,
          secretNames,
          ownerId: secretNames.length > 0 ? services.controllerId : null,
        },
        select: { id: true },
      });
      // Before the commit: the worker may be awake the moment after it.
      if (secretNames.length > 0) {
        services.vault.put(id, job.secrets);
        held.push(id);
      }
      if (job.serialNo !== null) await lockInstance(tx, job.instance, job.serialNo, id);
      await job.write?.(tx, id);
      const sealed = [...job.privateValues].map(([name, value]) => ({ jobId: id, name, value: services.keyring.seal(value, { kind: "job", jobId: id, name }) }));
      if (sealed.length > 0) await tx.jobPrivateValue.createMany({ data: sealed });
      await appendAudit(tx, ctx, {
        action: job.operation,
        object: { kind: "instance", name: job.instance.name },
        outcome: "accepted",
        details: { jobId: id, ...job.auditDetails },
      });
      await services.jobs.enqueue(tx, { id, secretNames });
      await appendEvents(tx, [
        { payload: { type: "job.changed", jobId: id, status: "queued", instanceName: job.instance.name }, ownerId: job.instance.ownerId },
        { payload: { type: "instance.changed", name: job.instance.name }, ownerId: job.instance.ownerId },
      ]);
      return id;
    });
  } catch (error) {
    for (const id of held) services.vault.drop(id);
    throw error;
  }
}

/** One job at a time holds an instance. */
async function lockInstance(tx: Transaction, instance: JobToAccept["instance"], serialNo: number, jobId: number): Promise<void> {
  const taken = await tx.$executeRaw(Prisma.sql`
    UPDATE instance SET locked_by_job_id = ${jobId}, serial_no = serial_no + 1, updated_at = now()
    WHERE id = ${instance.id}::uuid AND locked_by_job_id IS NULL AND serial_no = ${serialNo}`);
  if (taken === 1) return;
  const now = await tx.instance.findUnique({ where: { id: instance.id }, select: { lockedByJobId: true } });
  if (now === null) throw new SlipwayError("unknown_object", `There is no instance ${instance.name}.`, { field: "instance" });
  throw instanceBusy(instance.name, now.lockedByJobId);
}

/** @param jobId the job that holds it; null: it was changed between reading and writing. */
export function instanceBusy(name: string, jobId: number | null): SlipwayError {
  const message = jobId === null ? `Instance ${name} was changed at the same moment. Nothing was done.` : `Job ${jobId} is working on instance ${name}.`;
  return new SlipwayError("conflict", message, { field: "instance" });
}
