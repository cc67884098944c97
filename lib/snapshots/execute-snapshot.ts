import type { DiskOrder, DiskResult } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { DiskSnapshot, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { carryOut, failJob, markSent } from "#lib/instances/carry-out.ts";
import type { ClaimedJob } from "#lib/jobs/claim-job.ts";
import { endJob, holdJob } from "#lib/jobs/end-job.ts";
import { readSnapshotDisks } from "./snapshot-view.ts";

type SnapshotRequest = JobRequest & { kind: "instance.snapshot" };

/** Has the node make, bring back or remove a snapshot. The same order twice is one order to the agent, so this can be begun again at any point. */
export async function executeSnapshot(services: Services, job: ClaimedJob, request: SnapshotRequest, signal: AbortSignal): Promise<"ended" | "again"> {
  const { db } = services;
  const snapshot = await db.diskSnapshot.findUnique({ where: { id: request.snapshotId }, include: { instance: { select: { id: true, nodeId: true, node: { select: { name: true } } } } } });
  if (snapshot === null) return failJob(services, job.id, "unknown_object", "The snapshot isn't there any more.");
  const { instance } = snapshot;
  return carryOut(services, job, { nodeName: instance.node.name, signal }, async () => {
    const { eraseDisks } = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { eraseDisks: true } });
    const client = await services.agents.client(instance.nodeId);
    await markSent(db, job.id);
    const result = await client.diskOrder(instance.id, orderOf(request, snapshot, eraseDisks), signal);
    await db.$transaction(async (tx) => {
      const held = await holdJob(tx, job.id);
      if (held === null) return;
      await record(tx, request, snapshot, result);
      await appendEvents(tx, await endJob(tx, held, { status: "success", result: null }));
    });
  });
}

function orderOf({ action, orderId, snapshotId }: SnapshotRequest, snapshot: DiskSnapshot, erase: boolean): DiskOrder {
  const disks = readSnapshotDisks(snapshot.disks).map(({ index }) => index);
  switch (action) {
    case "snapshot":
      return { action, orderId, snapshotId, disks };
    case "restore-snapshot":
      return { action, orderId, snapshotId, disks, erase };
    case "delete-snapshot":
      return { action, orderId, snapshotId, erase };
  }
}

async function record(tx: Transaction, { action }: SnapshotRequest, { id, instanceId, disks }: DiskSnapshot, { usedMib }: DiskResult): Promise<void> {
  switch (action) {
    case "snapshot":
      await tx.diskSnapshot.update({ where: { id }, data: { usedMib }, select: { id: true } });
      return;
    case "restore-snapshot":
      // Those of a system that may not be the one that comes back.
      if (readSnapshotDisks(disks).some(({ index }) => index === 0)) await tx.instance.update({ where: { id: instanceId }, data: { hostKeys: Prisma.DbNull }, select: { id: true } });
      return;
    case "delete-snapshot":
      await tx.diskSnapshot.delete({ where: { id }, select: { id: true } });
      return;
  }
}
