/** What becomes of the jobs of a controller that is gone (design: visibility, "Secret jobs die with their process"). */
import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { failedWith, failInstall } from "#lib/installs/fail-install.ts";
import { secretsLost } from "#lib/installs/load-parameters.ts";
import { addTask, ownTask, TASKS } from "./add-task.ts";

export interface TakenOver {
  /** Jobs that go on elsewhere. */
  readonly resumed: number;
  /** Jobs that ended because their secrets are gone. */
  readonly failed: number;
}

/**
 * Called once a controller's lease has run out, and by a controller for itself when it leaves; may be called again. Jobs whose order an agent has are followed by whoever
 * follows its node, and need nothing here.
 */
export async function takeOverJobs(services: Services, controllerId: string): Promise<TakenOver> {
  const jobs = await services.db.job.findMany({
    where: { status: { in: ["queued", "running", "canceling"] }, OR: [{ ownerId: controllerId }, { executorId: controllerId }] },
    select: { id: true, status: true, request: true, secretNames: true, installs: { select: { id: true, acknowledged: true } } },
    orderBy: { id: "asc" },
  });
  let resumed = 0;
  let failed = 0;
  for (const job of jobs) {
    const install = job.installs[0];
    if (install?.acknowledged === true) continue;
    const request = jobRequestSchema.parse(job.request);
    if (job.secretNames.length === 0 || !("installId" in request)) {
      // Free before the task is there: whoever is woken must find it so.
      await services.db.job.updateMany({ where: { id: job.id, executorId: controllerId }, data: { executorId: null } });
      await addTask(services.db, { task: TASKS.run, jobId: job.id });
      resumed += 1;
      continue;
    }
    await services.db.$executeRaw(Prisma.sql`SELECT 1 FROM graphile_worker.remove_job(${`${ownTask(controllerId)}:${job.id}`}::text)`);
    if (await failInstall(services, request.installId, failedWith("process_lost", secretsLost(job.secretNames).message), { unsent: true })) failed += 1;
    else await addTask(services.db, { task: TASKS.settle, jobId: job.id });
  }
  return { resumed, failed };
}
