import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { LEASE } from "#lib/installs/lease.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import { logJob } from "#lib/jobs/log-job.ts";

/**
 * Carries out a job that its node answers by one call, as often as need be: the call must be one order to the agent however often it
 * comes. A refusal ends the job; a node that doesn't answer is tried for a while. One that may have an order for its disks (markSent) is
 * waited for: until it answers nobody knows which system they hold. An administrator ends the waiting by marking the node offline.
 *
 * @param run calls the agent and records what came of it.
 */
export async function carryOut(services: Services, job: ClaimedJob, { nodeName, signal }: { readonly nodeName: string; readonly signal: AbortSignal }, run: () => Promise<void>): Promise<"ended" | "again"> {
  try {
    await run();
    return "ended";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    const sent = await isSent(services.db, job.id);
    // The next process of the agent finishes or undoes what this one leaves.
    if (sent && agentCodeOf(error) === "agent_restarted") return "again";
    if (error.code !== "node_unreachable") return failJob(services, job.id, error.code, error.message);
    if (sent) return waitForNode(services, job, nodeName);
    if (isTried(job)) return failJob(services, job.id, "node_unreachable", `Node ${nodeName} does not answer. ${error.message}`);
    return "again";
  }
}

/** Says, durably, that an order for disks goes out now: before its first try, and left as it is at the next. */
export async function markSent(db: Database, jobId: number): Promise<void> {
  const sent = JSON.stringify({ sentAt: new Date().toISOString() });
  await db.$executeRaw(Prisma.sql`UPDATE job SET request = ${sent}::jsonb || request WHERE id = ${jobId}`);
}

async function isSent(db: Database, jobId: number): Promise<boolean> {
  const request = jobRequestSchema.parse((await db.job.findUniqueOrThrow({ where: { id: jobId }, select: { request: true } })).request);
  return "sentAt" in request && request.sentAt !== undefined;
}

async function waitForNode(services: Services, job: ClaimedJob, nodeName: string): Promise<"ended" | "again"> {
  const { offline } = await services.db.node.findUniqueOrThrow({ where: { name: nodeName }, select: { offline: true } });
  if (offline) return failJob(services, job.id, "node_unreachable", `Node ${nodeName} was marked offline while it had the order. What became of the disks isn't known.`);
  const message = `Node ${nodeName} does not answer and may have carried out the order: the job goes on once it does.`;
  await services.db.$transaction(async (tx) => {
    if ((await holdJob(tx, job.id)) === null || (await tx.jobLog.count({ where: { jobId: job.id, message } })) > 0) return;
    await logJob(tx, job.id, 0, message);
  });
  return "again";
}

/** Whether a node that doesn't answer has been tried for long enough. */
function isTried(job: ClaimedJob): boolean {
  return Date.now() > job.startedAt.getTime() + LEASE.dispatchSeconds * 1_000;
}

/** Ends a job that isn't an install with an error; the instance stays as it was. */
export async function failJob(services: Services, jobId: number, code: ErrorCode, message: string): Promise<"ended"> {
  await services.db.$transaction(async (tx) => {
    const held = await holdJob(tx, jobId);
    if (held !== null) await appendEvents(tx, await endJob(tx, held, { status: "error", code, message }));
  });
  return "ended";
}
