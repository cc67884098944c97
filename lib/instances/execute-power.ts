import type { PowerOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { FOR_SPEC, instanceSpec } from "#lib/installs/instance-spec.ts";
import { LEASE } from "#lib/installs/lease.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { releaseUnwantedChannels } from "./hold-channel-address.ts";
import { FOR_GUEST_DATA, loadGuestData } from "./load-guest-data.ts";
import { recordReach } from "./record-reach.ts";

/**
 * Starts, stops or reboots an instance on its node. The same order twice is one order to the agent, so this can be begun
 * again at any point.
 */
export async function executePower(services: Services, job: ClaimedJob, request: JobRequest & { kind: "instance.power" }, signal: AbortSignal): Promise<"ended" | "again"> {
  const instance = await services.db.instance.findUnique({ where: { id: job.instanceId }, include: { ...FOR_SPEC, ...FOR_GUEST_DATA, node: { select: { name: true } } } });
  if (instance === null) return failJob(services, job.id, "unknown_object", `There is no instance ${job.instanceName}.`);
  try {
    const order: PowerOrder = {
      orderId: request.orderId,
      action: request.action,
      graceSeconds: request.graceSeconds,
      instance: instanceSpec(instance, await services.db.cluster.findUniqueOrThrow({ where: { id: 1 } })),
      guestData: instance.communication && request.action !== "stop" ? await loadGuestData(services, instance) : null,
    };
    const client = await services.agents.client(instance.nodeId);
    const runtime = await client.power(order, signal);
    await services.db.$transaction(async (tx) => {
      const held = await holdJob(tx, job.id);
      if (held === null) return;
      const adminState = request.action === "stop" ? "stopped" : "running";
      await tx.instance.update({ where: { id: instance.id }, data: { adminState }, select: { id: true } });
      // Unless a later event has come in already: the guest may have gone again by itself.
      const { journal, journalSeq } = runtime;
      const { count } = await tx.instance.updateMany({
        where: { id: instance.id, OR: [{ operJournal: null }, { operJournal: { not: journal } }, { operSeq: { lte: journalSeq } }] },
        data: { operState: runtime.power, operJournal: journal, operSeq: journalSeq },
      });
      if (count > 0) await recordReach(tx, instance.id, runtime.reach);
      // What ran with it has ended. A start may have found it running, and changed nothing.
      if (request.action !== "start") await releaseUnwantedChannels(tx, [instance.id]);
      await appendEvents(tx, await endJob(tx, held, { status: "success", result: null }));
    });
    return "ended";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    if (error.code !== "node_unreachable") return failJob(services, job.id, error.code, error.message);
    if (isTried(job)) return failJob(services, job.id, "node_unreachable", `Node ${instance.node.name} does not answer. ${error.message}`);
    return "again";
  }
}

/** Whether a node that doesn't answer has been tried for long enough. */
export function isTried(job: ClaimedJob): boolean {
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
