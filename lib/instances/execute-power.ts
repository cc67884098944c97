import type { ApplianceRef, PowerOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { FOR_SPEC, instanceSpec } from "#lib/installs/instance-spec.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { carryOut, failJob } from "./carry-out.ts";
import { releaseUnwantedChannels } from "./hold-channel-address.ts";
import { FOR_GUEST_DATA, loadGuestData } from "./load-guest-data.ts";
import { recordRuntime } from "./record-runtime.ts";

/**
 * Starts, stops or reboots an instance on its node, or has it run the appliance with a shell. The same order twice is one order to the
 * agent, so this can be begun again at any point.
 */
export async function executePower(services: Services, job: ClaimedJob, request: JobRequest & { kind: "instance.power" }, signal: AbortSignal): Promise<"ended" | "again"> {
  const instance = await services.db.instance.findUnique({ where: { id: job.instanceId }, include: { ...FOR_SPEC, ...FOR_GUEST_DATA, node: { select: { name: true } } } });
  if (instance === null) return failJob(services, job.id, "unknown_object", `There is no instance ${job.instanceName}.`);
  const { action } = request;
  return carryOut(services, job, { nodeName: instance.node.name, signal }, async () => {
    // A rescue system's shell may come by values on the disks: they are left out of what the node logs.
    const wantsGuestData = action === "rescue" || (instance.communication && action !== "stop");
    const order: PowerOrder = {
      orderId: request.orderId,
      action,
      graceSeconds: request.graceSeconds,
      appliance: action === "rescue" ? await bringAppliance(services, instance.nodeId, signal) : null,
      instance: instanceSpec(instance, await services.db.cluster.findUniqueOrThrow({ where: { id: 1 } })),
      guestData: wantsGuestData ? await loadGuestData(services, instance) : null,
    };
    const client = await services.agents.client(instance.nodeId);
    const runtime = await client.power(order, signal);
    await services.db.$transaction(async (tx) => {
      const held = await holdJob(tx, job.id);
      if (held === null) return;
      await tx.instance.update({ where: { id: instance.id }, data: { adminState: action === "stop" ? "stopped" : "running" }, select: { id: true } });
      await recordRuntime(tx, runtime);
      // What ran with it has ended. A start may have found it running, and changed nothing.
      if (action !== "start") await releaseUnwantedChannels(tx, [instance.id]);
      await appendEvents(tx, await endJob(tx, held, { status: "success", result: null }));
    });
  });
}

/** Makes sure that the node has the cluster's appliance, whose full userland a rescue system is. @throws SlipwayError `unsupported` */
async function bringAppliance(services: Services, nodeId: string, signal: AbortSignal): Promise<ApplianceRef> {
  const { appliance } = await services.db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { appliance: true } });
  if (appliance === null) throw new SlipwayError("unsupported", "The cluster has no install appliance.", { field: "appliance" });
  const { kernelDigest, initrdDigest, rootDigest, contractVersion } = appliance;
  await services.agents.pushBlobs(nodeId, [kernelDigest, initrdDigest, ...(rootDigest === null ? [] : [rootDigest])], signal);
  return { kernelDigest, initrdDigest, rootDigest, contract: contractVersion };
}
