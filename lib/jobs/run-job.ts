/** Carries out a queued job, or goes on with one (design: architecture, "Worker"). */
import type { Services } from "#lib/context/context.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { Dispatched } from "#lib/installs/dispatch-install.ts";
import { dispatchInstall } from "#lib/installs/dispatch-install.ts";
import { LEASE } from "#lib/installs/lease.ts";
import { executeDelete } from "#lib/instances/execute-delete.ts";
import { executePower } from "#lib/instances/execute-power.ts";
import { executeRollback } from "#lib/instances/execute-rollback.ts";
import { executeSnapshot } from "#lib/snapshots/execute-snapshot.ts";
import { addTask } from "./add-task.ts";
import type { ClaimedJob } from "./claim-job.ts";
import { claimJob } from "./claim-job.ts";

/**
 * Runs a job in this process. Whoever may run it is decided in the database: a job that has ended, or that a living process
 * is running, is left alone.
 *
 * @param task the queue's name for this very task, for another try later.
 */
export async function runJob(services: Services, task: string, jobId: number, signal: AbortSignal): Promise<void> {
  const job = await claimJob(services, jobId);
  if (job === null) return;
  const came = await execute(services, job, signal);
  if (came === "again") await addTask(services.db, { task, jobId, delayMs: LEASE.retryMs });
}

/** @returns `again` where it has to be tried once more. */
async function execute(services: Services, job: ClaimedJob, signal: AbortSignal): Promise<Dispatched> {
  const request = jobRequestSchema.parse(job.request);
  switch (request.kind) {
    case "instance.create":
    case "instance.reinstall":
    case "instance.import":
    case "instance.export":
    case "instance.rename":
      return dispatchInstall(services, request.installId, job.startedAt, signal);
    case "instance.rollback":
      return executeRollback(services, job, request, signal);
    case "instance.snapshot":
      return executeSnapshot(services, job, request, signal);
    case "instance.power":
      return executePower(services, job, request, signal);
    case "instance.delete":
      return executeDelete(services, job, request, signal);
    case "on-record":
      return "ended";
  }
}
