import type { DiskOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { FOR_SPEC, instanceSpec } from "#lib/installs/instance-spec.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { carryOut, failJob, markSent } from "./carry-out.ts";
import { releaseUnwantedChannels } from "./hold-channel-address.ts";
import { loadGuestData } from "./load-guest-data.ts";
import { recordRuntime } from "./record-runtime.ts";
import { swapSystems } from "./swap-systems.ts";

/**
 * Has the node swap the disks, then swaps what is stored. The same order twice is one order to the agent, so this can be begun again at
 * any point: what is stored is swapped once, with the job's end.
 */
export async function executeRollback(services: Services, job: ClaimedJob, request: JobRequest & { kind: "instance.rollback" }, signal: AbortSignal): Promise<"ended" | "again"> {
  const { db } = services;
  const instance = await db.instance.findUnique({ where: { id: job.instanceId }, include: { ...FOR_SPEC, node: { select: { name: true } }, previous: { include: { parameters: true } } } });
  if (instance === null) return failJob(services, job.id, "unknown_object", `There is no instance ${job.instanceName}.`);
  const { previous } = instance;
  if (previous === null || previous.keptAs !== request.keptAs) return failJob(services, job.id, "conflict", `The previous system of instance ${instance.name} isn't kept any more.`);
  return carryOut(services, job, { nodeName: instance.node.name, signal }, async () => {
    const cluster = await db.cluster.findUniqueOrThrow({ where: { id: 1 } });
    const order: DiskOrder = {
      action: "rollback",
      orderId: request.orderId,
      installId: request.keptAs,
      keepAs: request.orderId,
      retainSeconds: cluster.diskRetentionSeconds,
      graceSeconds: request.graceSeconds,
      start: request.start,
      instance: instanceSpec(instance, cluster),
      // Of the system that comes back: what ran until now had its own.
      guestData: instance.communication && request.start !== false ? await loadGuestData(services, { ...instance, parameters: previous.parameters }) : null,
      erase: cluster.eraseDisks,
    };
    const client = await services.agents.client(instance.nodeId);
    await markSent(db, job.id);
    await client.diskOrder(instance.id, order, signal);
    const runtime = await client.instance(instance.id, signal);
    await db.$transaction(async (tx) => {
      const held = await holdJob(tx, job.id);
      if (held === null) return;
      await swapSystems(tx, instance.id, { keptAs: request.orderId, retainSeconds: cluster.diskRetentionSeconds, before: request.before });
      const starts = request.start ?? request.before.adminState === "running";
      await tx.instance.update({ where: { id: instance.id }, data: { adminState: starts ? "running" : "stopped" }, select: { id: true } });
      await recordRuntime(tx, runtime);
      await releaseUnwantedChannels(tx, [instance.id]);
      await appendEvents(tx, await endJob(tx, held, { status: "success", result: null }));
    });
  });
}
