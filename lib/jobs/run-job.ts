/** Carries out a queued job, or goes on with one (design: architecture, "Worker"). */
import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { dispatchInstall } from "#lib/installs/dispatch-install.ts";
import { LEASE } from "#lib/installs/lease.ts";
import { executeDelete } from "#lib/instances/execute-delete.ts";
import { executePower } from "#lib/instances/execute-power.ts";
import { addTask } from "./add-task.ts";

/**
 * Runs a job in this process. Whoever may run it is decided in the database: a job that has ended, or that a living process
 * is running, is left alone.
 *
 * @param task the queue's name for this very task, for another try later.
 */
export async function runJob(services: Services, task: string, jobId: number, signal: AbortSignal): Promise<void> {
  const job = await claimJob(services, jobId);
  if (job === null) return;
  const request = jobRequestSchema.parse(job.request);
  switch (request.kind) {
    case "instance.create":
    case "instance.reinstall": {
      const dispatched = await dispatchInstall(services, request.installId, job.startedAt, signal);
      if (dispatched === "again") await addTask(services.db, { task, jobId, delayMs: LEASE.retryMs });
      return;
    }
    case "instance.power":
      if ((await executePower(services, job, request, signal)) === "again") await addTask(services.db, { task, jobId, delayMs: LEASE.retryMs });
      return;
    case "instance.delete":
      if ((await executeDelete(services, job, request, signal)) === "again") await addTask(services.db, { task, jobId, delayMs: LEASE.retryMs });
      return;
    case "on-record":
      return;
  }
}

export interface ClaimedJob {
  readonly id: number;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly request: unknown;
  readonly startedAt: Date;
}

/** Takes a job for this process: a queued one, one that it has already, or one whose process is gone. */
async function claimJob(services: Services, jobId: number): Promise<ClaimedJob | null> {
  return services.db.$transaction(async (tx) => {
    const me = services.controllerId;
    const rows = await tx.$queryRaw<{ request: unknown; instance_id: string | null; instance_name: string | null; started_at: Date; before: string }[]>(Prisma.sql`
      WITH held AS (SELECT id, status FROM job WHERE id = ${jobId} FOR UPDATE)
      UPDATE job SET
        status = CASE WHEN job.status = 'queued' THEN 'running' ELSE job.status END,
        op_status = CASE WHEN job.status = 'queued' THEN '{running}'::"JobStatus"[] || job.op_status[2:] ELSE job.op_status END,
        executor_id = ${me}::uuid, started_at = coalesce(job.started_at, now())
      FROM held
      WHERE job.id = held.id AND (job.status = 'queued' OR (job.status IN ('running', 'canceling') AND (
        job.executor_id IS NULL OR job.executor_id = ${me}::uuid
        OR NOT EXISTS (SELECT FROM controller WHERE controller.id = job.executor_id AND lease_until > now()))))
      RETURNING job.request, job.instance_id, job.instance_name, job.started_at, held.status::text AS before`);
    const row = rows[0];
    if (row === undefined || row.instance_id === null || row.instance_name === null) return null;
    const job = { id: jobId, instanceId: row.instance_id, instanceName: row.instance_name, request: row.request, startedAt: row.started_at };
    if (row.before !== "queued") return job;
    const instance = await tx.instance.findUnique({ where: { id: row.instance_id }, select: { ownerId: true } });
    await appendEvents(tx, [{ payload: { type: "job.changed", jobId, status: "running", instanceName: row.instance_name }, ownerId: instance?.ownerId ?? null }]);
    return job;
  });
}
