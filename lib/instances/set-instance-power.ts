import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { powerOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { blockedActions, nodeProblem } from "#lib/domain/instance-status.ts";
import { hasChannelAddresses } from "#lib/domain/nic-rules.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { factsOf } from "./choose-node.ts";
import { instanceFacts } from "./instance-row.ts";
import { orRefusedJob } from "./or-refused-job.ts";
import { readInstance } from "./read-instance.ts";
import type { DetailRow } from "./read-instance.ts";
import type { PowerInput } from "./schemas.ts";

/** Seconds for a guest to go by itself, where nothing else is said: Ganeti's. */
const GRACE_SECONDS = 120;

/**
 * Starts, stops or reboots an instance. Starting one that runs and stopping one that is stopped are jobs that find nothing
 * to do, as in Ganeti.
 *
 * @throws SlipwayError `unknown_object`, `conflict`, `node_unreachable`, `no_room`
 */
export async function setInstancePower(ctx: RequestContext, name: string, input: PowerInput): Promise<{ readonly jobId: number }> {
  const graceSeconds = input.action === "start" ? 0 : (input.graceSeconds ?? GRACE_SECONDS);
  const ops = (instanceId: string | null) => powerOpcodes({ name, instanceId, action: input.action, graceSeconds }, { interface: ctx.interface, at: new Date() });
  return orRefusedJob(ctx, { operation: "instance.power", instanceName: name, ops: ops(null) }, async () => {
    const row = await readInstance(ctx, "instance.power", name);
    requirePossible(row, input.action);
    const before = { adminState: row.adminState, installState: row.installState, installId: row.currentInstall?.id ?? null };
    const jobId = await acceptJob(ctx, {
      operation: "instance.power",
      request: { kind: "instance.power", orderId: randomUUID(), action: input.action, graceSeconds, before },
      ops: ops(row.id),
      instance: { id: row.id, name: row.name, ownerId: row.ownerId },
      serialNo: row.serialNo,
      privateValues: new Map(),
      secrets: new Map(),
      auditDetails: { action: input.action, graceSeconds },
      write: async (tx) => {
        if (input.action === "stop" || !row.communication) return;
        const node = await tx.node.findUniqueOrThrow({ where: { id: row.nodeId } });
        // One that was made or imported where none were needed has none yet.
        if (hasChannelAddresses(factsOf(node))) await allocateChannelAddress(tx, { instanceId: row.id });
      },
    });
    return { jobId };
  });
}

function requirePossible(row: DetailRow, action: PowerInput["action"]): void {
  if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
  const unreachable = nodeProblem(row.node);
  if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
  const idle = (action === "start" && row.operState === "running") || action === "stop";
  const reason = blockedActions(instanceFacts(row), null)[action];
  if (!idle && reason !== undefined) throw new SlipwayError("conflict", `Instance ${row.name} can't be ${action === "start" ? "started" : "rebooted"}. ${reason}`, { field: "instance" });
}
