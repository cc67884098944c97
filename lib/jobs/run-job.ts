/** Carries out a queued job, or goes on with one (design: architecture, "Worker"). */
import type { Services } from "#lib/context/context.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { dispatchInstall } from "#lib/installs/dispatch-install.ts";
import { LEASE } from "#lib/installs/lease.ts";
import { executeDelete } from "#lib/instances/execute-delete.ts";
import { executePower } from "#lib/instances/execute-power.ts";
import { addTask } from "./add-task.ts";
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
