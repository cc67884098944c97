import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { appendEvents } from "#lib/events/append-events.ts";

export interface ClaimedJob {
  readonly id: number;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly request: unknown;
  readonly startedAt: Date;
}

/** Takes a job for this process: a queued one, one that it has already, or one whose process is gone. */
export async function claimJob(services: Services, jobId: number): Promise<ClaimedJob | null> {
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
