import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { endInstall } from "#lib/installs/end-install.ts";
import { addTask, TASKS } from "./add-task.ts";
import { endJob, holdJob } from "./end-job.ts";
import { readJob } from "./read-job.ts";

export interface Cancelled {
  readonly cancelled: boolean;
  /** For a person, in Ganeti's words where it has some. */
  readonly message: string;
}

/**
 * Cancels a job (design: install, "Cancel works in every state"). A queued one ends at once. A running install is told to
 * end, and its job ends with what became of it.
 *
 * @throws SlipwayError `unknown_object`, `not_allowed`
 */
export async function cancelJob(ctx: RequestContext, id: number): Promise<Cancelled> {
  const { ownerId } = await readJob(ctx, "job.cancel", id);
  const { services } = ctx;
  return services.db.$transaction(async (tx): Promise<Cancelled> => {
    const job = await holdJob(tx, id);
    if (job === null) return { cancelled: false, message: `Job ${id} is no longer waiting in the queue` };
    const request = jobRequestSchema.parse(job.request);
    const installs = "installId" in request;
    if (job.status !== "queued" && !installs) return { cancelled: false, message: `Job ${id} is being carried out by the node and can't be cancelled` };
    await appendAudit(tx, ctx, { action: "job.cancel", object: { kind: "job", name: String(id) }, outcome: "accepted", details: { instance: job.instanceName } });
    if (job.status === "queued") {
      const message = "Cancelled before it began.";
      const events = installs
        ? await endInstall(tx, services.keyring, job, await tx.install.findUniqueOrThrow({ where: { id: request.installId } }), { state: "cancelled", code: "cancelled", message, step: null })
        : await endJob(tx, job, { status: "canceled", message });
      await appendEvents(tx, events);
      return { cancelled: true, message: `Dequeued job ${id}` };
    }
    if (job.cancelRequestedAt === null) {
      await tx.job.update({ where: { id }, data: { status: "canceling", cancelRequestedAt: new Date() }, select: { id: true } });
      await addTask(tx, { task: TASKS.cancel, jobId: id });
      await appendEvents(tx, [{ payload: { type: "job.changed", jobId: id, status: "canceling", instanceName: job.instanceName }, ownerId }]);
    }
    return { cancelled: true, message: `Job ${id} will be canceled` };
  });
}
