import type { Services } from "#lib/context/context.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { holdJob } from "#lib/jobs/end-job.ts";
import type { InstallEnd } from "./end-install.ts";
import { endInstall } from "./end-install.ts";

export interface FailCondition {
  /** Only while the agent isn't known to have the order. */
  readonly unacknowledged?: boolean;
  /** Only if no order was sent: nothing runs anywhere. */
  readonly unsent?: boolean;
  /** Only if the lease ended before this. */
  readonly leaseEndedBefore?: Date;
}

/**
 * Ends an install from the controller's side, on its own authority. The condition is checked under the job's lock: an answer
 * of the agent that came first stands.
 *
 * @returns whether it was ended by this.
 */
export async function failInstall(services: Services, installId: string, end: Exclude<InstallEnd, { state: "done" }>, condition: FailCondition = {}): Promise<boolean> {
  return services.db.$transaction(async (tx) => {
    const found = await tx.install.findUnique({ where: { id: installId }, select: { jobId: true } });
    const job = found === null ? null : await holdJob(tx, found.jobId);
    if (job === null) return false;
    const install = await tx.install.findUniqueOrThrow({ where: { id: installId } });
    if (isFinal(install.state)) return false;
    if (condition.unacknowledged === true && install.acknowledged) return false;
    if (condition.unsent === true && install.orderSentAt !== null) return false;
    if (condition.leaseEndedBefore !== undefined && (install.leaseUntil === null || install.leaseUntil > condition.leaseEndedBefore)) return false;
    await appendEvents(tx, await endInstall(tx, services.keyring, job, install, end));
    return true;
  });
}

/** The end of an install for a reason that has a code. */
export function failedWith(code: ErrorCode, message: string, step: string | null = null): Exclude<InstallEnd, { state: "done" }> {
  return { state: "failed", code, message, step };
}
