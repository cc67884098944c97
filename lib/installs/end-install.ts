/** The end of an install: its record, its job, its instance, in one transaction (design: install, "How it goes"). */
import type { Keyring } from "#lib/context/context.ts";
import type { Install, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import type { FinalInstallState } from "#lib/domain/install-states.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { jobRequestSchema } from "#lib/domain/job-request.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { releaseUnwantedChannels } from "#lib/instances/hold-channel-address.ts";
import type { HeldJob, JobEnd } from "#lib/jobs/end-job.ts";
import { endJob } from "#lib/jobs/end-job.ts";
import { readPlan } from "./stored.ts";
import { keepParameters } from "./keep-parameters.ts";

export type InstallEnd =
  | { readonly state: "done" }
  | { readonly state: Exclude<FinalInstallState, "done">; readonly code: ErrorCode; readonly message: string; readonly step: string | null };

/**
 * Ends an install whose job is held. With success, what ran is what is kept; otherwise the instance is as it was, and after
 * a creation it is stopped and `install failed`.
 *
 * @returns what the feed is to say.
 */
export async function endInstall(tx: Transaction, keyring: Keyring, job: HeldJob, install: Install, end: InstallEnd): Promise<NewEvent[]> {
  const request = jobRequestSchema.parse(job.request);
  await tx.install.update({
    where: { id: install.id },
    data: {
      state: end.state,
      endedAt: new Date(),
      leaseUntil: null,
      ...(end.state === "done" ? { percent: 100 } : { errorCode: end.code, errorMessage: end.message, errorStep: end.step }),
    },
    select: { id: true },
  });
  await tx.networkAddress.deleteMany({ where: { installId: install.id } });
  const instance = await tx.instance.update({ where: { id: install.instanceId }, data: instanceAfter(request, end), include: { node: { select: { name: true } } } });
  if (end.state === "done") {
    await keepParameters(tx, keyring, install);
    // What ran before has ended, and with it the channel that it may have had.
    await releaseUnwantedChannels(tx, [install.instanceId]);
    // What the new system says of itself may have come since it was started.
    if (install.state !== "starting") await forgetHostKeys(tx, install.instanceId);
  }
  const changes = await endJob(tx, job, jobEnd(end, readPlan(install.plan).operation, instance.node.name));
  const progress: NewEvent = {
    payload: { type: "install.progress", installId: install.id, instanceName: instance.name, state: end.state, percent: end.state === "done" ? 100 : install.percent, step: install.step, firstSeq: null, lastSeq: null },
    ownerId: instance.ownerId,
  };
  return [progress, ...changes];
}

/** The host keys are those of a system that isn't there any more. */
export async function forgetHostKeys(tx: Transaction, instanceId: string): Promise<void> {
  await tx.instance.update({ where: { id: instanceId }, data: { hostKeys: Prisma.DbNull }, select: { id: true } });
}

function jobEnd(end: InstallEnd, operation: "create" | "reinstall", node: string): JobEnd {
  switch (end.state) {
    case "done":
      return { status: "success", result: operation === "create" ? [node] : null };
    case "cancelled":
      return { status: "canceled", message: end.message };
    case "failed":
    case "timed_out":
      return { status: "error", code: end.code, message: end.message };
  }
}

/** What the end changes in the instance's row. */
export function instanceAfter(request: JobRequest, end: InstallEnd) {
  switch (request.kind) {
    case "instance.create": {
      if (end.state !== "done") return { installState: end.state, adminState: "stopped" as const, operState: "stopped" as const };
      const power = request.start ? ("running" as const) : ("stopped" as const);
      return { installState: end.state, adminState: power, operState: power };
    }
    case "instance.reinstall": {
      if (end.state !== "done") return { installState: request.before.installState, adminState: request.before.adminState };
      const power = request.start === null ? request.before.adminState : request.start ? ("running" as const) : ("stopped" as const);
      return { installState: end.state, adminState: power, operState: power, definitionId: request.definitionId, variant: request.variant };
    }
    case "instance.power":
    case "instance.delete":
    case "on-record":
      throw new Error(`a job of kind ${request.kind} has no install`);
  }
}
