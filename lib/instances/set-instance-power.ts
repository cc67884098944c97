import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import type { Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { powerOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { blockedActions, nodeProblem } from "#lib/domain/instance-status.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import { actionFacts } from "./instance-row.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";
import type { PowerInput } from "./schemas.ts";

/** Seconds for a guest to go by itself, where nothing else is said: Ganeti's. */
export const GRACE_SECONDS = 120;
/** From which on an appliance knows how to be a rescue system: appliance/README.md. */
const RESCUE_CONTRACT = 2;

/**
 * Starts, stops or reboots an instance, or has it run the appliance with a shell on its serial console and its disks (design: issue 5,
 * "rescue boot"); a reboot comes back from there. Starting one that runs and stopping one that is stopped are jobs that find nothing to
 * do, as in Ganeti.
 *
 * @throws SlipwayError `unknown_object`, `conflict`, `node_unreachable`, `no_room`, `unsupported`
 */
export async function setInstancePower(ctx: RequestContext, name: string, input: PowerInput): Promise<{ readonly jobId: number }> {
  const { action } = input;
  const operation = action === "rescue" ? "instance.rescue" : "instance.power";
  const graceSeconds = action === "start" ? 0 : (input.graceSeconds ?? GRACE_SECONDS);
  const ops = (instanceId: string | null) => powerOpcodes({ name, instanceId, action, graceSeconds }, { interface: ctx.interface, at: new Date() });
  return orRefusedJob(ctx, { operation, instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, operation, name);
    requirePossible(row, action);
    if (action === "rescue") await requireRescueAppliance(ctx.services.db);
    const before = { adminState: row.adminState, installState: row.installState, installId: row.currentInstall?.id ?? null };
    const jobId = await acceptJob(ctx, {
      operation,
      request: { kind: "instance.power", orderId: randomUUID(), action, graceSeconds, before },
      ops: ops(row.id),
      instance: { id: row.id, name: row.name, ownerId: row.ownerId },
      serialNo: row.serialNo,
      privateValues: new Map(),
      secrets: new Map(),
      auditDetails: { action, graceSeconds },
      write: async (tx) => {
        if (action === "stop" || action === "rescue" || !row.communication) return;
        const node = await tx.node.findUniqueOrThrow({ where: { id: row.nodeId } });
        // One that was made or imported where none were needed has none yet.
        if (hasChannelAddresses(factsOf(node))) await allocateChannelAddress(tx, { instanceId: row.id });
      },
    });
    return { jobId };
  });
}

const DONE: Readonly<Record<PowerInput["action"], string>> = { start: "started", stop: "stopped", reboot: "rebooted", rescue: "rescued" };

function requirePossible(row: DetailRow, action: PowerInput["action"]): void {
  if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
  const unreachable = nodeProblem(row.node);
  if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
  const idle = (action === "start" && row.operState === "running" && !row.rescue) || action === "stop";
  const reason = blockedActions(actionFacts(row, new Date()), null)[action];
  if (!idle && reason !== undefined) throw new SlipwayError("conflict", `Instance ${row.name} can't be ${DONE[action]}. ${reason}`, { field: "instance" });
}

async function requireRescueAppliance(db: Queryable): Promise<void> {
  const { appliance } = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { appliance: { select: { contractVersion: true, rootDigest: true } } } });
  if (appliance !== null && appliance.contractVersion >= RESCUE_CONTRACT && appliance.rootDigest !== null) return;
  const what = appliance === null ? "The cluster has no install appliance" : `The cluster's appliance can't be a rescue system: that takes its full userland, and version ${RESCUE_CONTRACT} of the contract`;
  throw new SlipwayError("unsupported", `${what}.`, { field: "appliance" });
}
