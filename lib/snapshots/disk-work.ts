/** What snapshots have in common: a job that holds the instance while its node works on its disks. */
import { randomUUID } from "node:crypto";
import type { PublicFacts } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { DiskSnapshot, Queryable, Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Opcode } from "#lib/domain/ganeti-opcodes.ts";
import { blockedActions, nodeProblem } from "#lib/domain/instance-status.ts";
import type { JobRequest } from "#lib/domain/job-request.ts";
import { unknownObject } from "#lib/access/require.ts";
import { actionFacts } from "#lib/instances/instance-row.ts";
import type { DetailRow } from "#lib/instances/read-instance.ts";
import { acceptJob, instanceBusy } from "#lib/jobs/accept-job.ts";

export interface DiskWork {
  readonly action: Extract<JobRequest, { readonly kind: "instance.snapshot" }>["action"];
  readonly snapshotId: string;
  readonly ops: readonly Opcode[];
  readonly auditDetails: PublicFacts;
  readonly write?: (tx: Transaction) => Promise<void>;
}

/** @throws SlipwayError `conflict` while a job holds the instance, `node_unreachable` */
export function requireIdle(row: DetailRow): void {
  if (row.lockedByJobId !== null) throw instanceBusy(row.name, row.lockedByJobId);
  const unreachable = nodeProblem(row.node);
  if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
}

/** Disks change under a system that runs. @throws SlipwayError `conflict` */
export function requireStopped(row: DetailRow): void {
  const reason = blockedActions(actionFacts(row, new Date()), null).snapshot;
  if (reason !== undefined) throw new SlipwayError("conflict", `Snapshots of instance ${row.name} can't be taken or restored. ${reason}`, { field: "instance" });
}

/** @returns the job's id */
export function submitDiskWork(ctx: RequestContext, row: DetailRow, { action, snapshotId, ops, auditDetails, write }: DiskWork): Promise<number> {
  return acceptJob(ctx, {
    operation: "instance.snapshot",
    request: { kind: "instance.snapshot", orderId: randomUUID(), action, snapshotId, before: { adminState: row.adminState, installState: row.installState, installId: row.currentInstall?.id ?? null } },
    ops,
    instance: { id: row.id, name: row.name, ownerId: row.ownerId },
    serialNo: row.serialNo,
    privateValues: new Map(),
    secrets: new Map(),
    auditDetails,
    ...(write === undefined ? {} : { write }),
  });
}

/** @throws SlipwayError `unknown_object` */
export async function findSnapshot(db: Queryable, row: DetailRow, name: string): Promise<DiskSnapshot> {
  const snapshot = await db.diskSnapshot.findUnique({ where: { instanceId_name: { instanceId: row.id, name } } });
  if (snapshot === null) throw unknownObject("snapshot", name.slice(0, 64));
  return snapshot;
}
