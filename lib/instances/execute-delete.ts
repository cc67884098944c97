import type { Services } from "#lib/context/context.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { carryOut, failJob } from "./carry-out.ts";

/** Removes guest and disks from the node, then the instance and all that is known of its installs. Receipts and exports outlive it. */
export async function executeDelete(services: Services, job: ClaimedJob, request: JobRequest & { kind: "instance.delete" }, signal: AbortSignal): Promise<"ended" | "again"> {
  const instance = await services.db.instance.findUnique({ where: { id: job.instanceId }, select: { id: true, nodeId: true, node: { select: { name: true } } } });
  if (instance === null) return failJob(services, job.id, "unknown_object", `There is no instance ${job.instanceName}.`);
  return carryOut(services, job, { nodeName: instance.node.name, signal }, async () => {
    const [client, { eraseDisks }] = await Promise.all([services.agents.client(instance.nodeId), services.db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { eraseDisks: true } })]);
    await client.removeInstance(instance.id, request.orderId, { erase: eraseDisks, signal });
    await services.db.$transaction(async (tx) => {
      const held = await holdJob(tx, job.id);
      if (held === null) return;
      const changes = await endJob(tx, held, { status: "success", result: null });
      const { name, ownerId } = await tx.instance.delete({ where: { id: instance.id }, select: { name: true, ownerId: true } });
      const others = changes.filter(({ payload }) => payload.type !== "instance.changed");
      await appendEvents(tx, [...others, { payload: { type: "instance.deleted", name }, ownerId }]);
    });
  });
}
