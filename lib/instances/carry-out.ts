import type { Services } from "#lib/context/context.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { LEASE } from "#lib/installs/lease.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";

/**
 * Carries out a job that its node answers by one call, as often as need be: the call must be one order to the agent however often it
 * comes. A refusal ends the job; a node that doesn't answer is tried for a while.
 *
 * @param run calls the agent and records what came of it.
 */
export async function carryOut(services: Services, job: ClaimedJob, { nodeName, signal }: { readonly nodeName: string; readonly signal: AbortSignal }, run: () => Promise<void>): Promise<"ended" | "again"> {
  try {
    await run();
    return "ended";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    if (error.code !== "node_unreachable") return failJob(services, job.id, error.code, error.message);
    if (isTried(job)) return failJob(services, job.id, "node_unreachable", `Node ${nodeName} does not answer. ${error.message}`);
    return "again";
  }
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
