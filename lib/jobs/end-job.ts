/** The end of a job, whatever the end: written once, by whoever comes first. */
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { endOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { forgetUnmadeSnapshot } from "#lib/snapshots/forget-unmade.ts";
import { addTask, TASKS } from "./add-task.ts";
import { toJson } from "./to-json.ts";
import { logJob } from "./log-job.ts";

export type JobEnd =
  | { readonly status: "success"; readonly result: unknown }
  | { readonly status: "error"; readonly code: ErrorCode; readonly message: string }
  | { readonly status: "canceled"; readonly message: string };

/** Takes the row of a job that hasn't ended, for the rest of the transaction; null: it has. */
export async function holdJob(tx: Transaction, jobId: number) {
  const held = await tx.$queryRaw<{ id: number }[]>(Prisma.sql`
    SELECT id FROM job WHERE id = ${jobId} AND status IN ('queued', 'running', 'canceling') FOR UPDATE`);
  return held.length === 0 ? null : tx.job.findUniqueOrThrow({ where: { id: jobId } });
}
export type HeldJob = NonNullable<Awaited<ReturnType<typeof holdJob>>>;

/**
 * Ends a held job: status and results in Ganeti's shape, its encrypted values removed, its instance released. The secrets in
 * memory are dropped by the process that holds them when it hears of it (lib/jobs/forget-secrets.ts).
 *
 * @returns what the feed is to say; the caller appends it as the last act of its transaction.
 */
export async function endJob(tx: Transaction, job: HeldJob, end: JobEnd): Promise<NewEvent[]> {
  const request = jobRequestSchema.parse(job.request);
  const ops = endOpcodes(job.opStatus, end);
  if (end.status !== "success") {
    const at = Math.max(0, job.opStatus.findIndex((status) => status !== "success"));
    await logJob(tx, job.id, at, end.message);
    await forgetUnmadeSnapshot(tx, request);
  }
  await tx.job.update({
    where: { id: job.id },
    data: {
      status: end.status,
      opStatus: ops.status,
      opResult: toJson(ops.result),
      endedAt: new Date(),
      executorId: null,
      errorCode: end.status === "error" ? end.code : null,
      errorMessage: end.status === "error" ? end.message : null,
    },
    select: { id: true },
  });
  if (request.kind === "instance.import") await addTask(tx, { task: TASKS.tidy, jobId: job.id });
  await tx.jobPrivateValue.deleteMany({ where: { jobId: job.id } });
  const released = await tx.$queryRaw<{ name: string; owner_id: string | null }[]>(Prisma.sql`
    UPDATE instance SET locked_by_job_id = NULL, serial_no = serial_no + 1, updated_at = now()
    WHERE locked_by_job_id = ${job.id} AND id = ${job.instanceId}::uuid RETURNING name, owner_id`);
  const ownerId = released[0]?.owner_id ?? null;
  return [
    { payload: { type: "job.changed", jobId: job.id, status: end.status, instanceName: job.instanceName }, ownerId },
    ...released.map(({ name, owner_id }): NewEvent => ({ payload: { type: "instance.changed", name }, ownerId: owner_id })),
  ];
}
