import { randomUUID } from "node:crypto";
import type { RequestContext } from "#lib/context/context.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { diskChangeOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import { SNAPSHOTS_PER_INSTANCE } from "#lib/domain/snapshot-views.ts";
import { readInstance } from "#lib/instances/read-instance.ts";
import type { DetailRow } from "#lib/instances/read-instance.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { requireIdle, requireStopped, submitDiskWork } from "./disk-work.ts";
import type { CreateSnapshotInput } from "./schemas.ts";

/**
 * Copies disks of a stopped instance, on its node (design: issue 5, "snapshots of disks while stopped"). The snapshot's name is taken at
 * once, and given back where the job doesn't succeed.
 *
 * @throws SlipwayError `unknown_object`, `exists`, `conflict` where it runs or has as many as it may, `node_unreachable`
 */
export async function createSnapshot(ctx: RequestContext, instanceName: string, input: CreateSnapshotInput): Promise<{ readonly jobId: number; readonly snapshotId: string }> {
  const row = await readInstance(ctx, "instance.snapshot", instanceName);
  requireIdle(row);
  requireStopped(row);
  const disks = chooseDisks(row, input.disks);
  const snapshotId = randomUUID();
  const taken = new SlipwayError("exists", `Instance ${row.name} has a snapshot ${input.name} already.`, { field: "name" });
  try {
    const jobId = await submitDiskWork(ctx, row, {
      action: "snapshot",
      snapshotId,
      ops: diskChangeOpcodes({ name: row.name, instanceId: row.id }, { kind: "snapshot", snapshot: input.name }, { interface: ctx.interface, at: new Date() }),
      auditDetails: { action: "snapshot", snapshot: input.name, disks: disks.map(({ index }) => String(index)) },
      write: async (tx) => {
        const others = await tx.diskSnapshot.findMany({ where: { instanceId: row.id }, select: { name: true } });
        if (others.some(({ name }) => name === input.name)) throw taken;
        if (others.length >= SNAPSHOTS_PER_INSTANCE) throw new SlipwayError("conflict", `Instance ${row.name} has ${SNAPSHOTS_PER_INSTANCE} snapshots, which is as many as one may have.`, { field: "instance" });
        await tx.diskSnapshot.create({ data: { id: snapshotId, instanceId: row.id, name: input.name, disks: toJson(disks), createdBy: ctx.identity.name }, select: { id: true } });
      },
    });
    return { jobId, snapshotId };
  } catch (error) {
    throw isUniqueViolation(error) ? taken : error;
  }
}

function chooseDisks(row: DetailRow, wanted: readonly number[] | undefined): { readonly index: number; readonly sizeMib: number }[] {
  const missing = wanted?.find((index) => !row.disks.some((disk) => disk.index === index));
  if (missing !== undefined) throw new SlipwayError("invalid", `Instance ${row.name} has no disk ${missing}.`, { field: "disks" });
  const disks = row.disks.filter(({ index }) => wanted === undefined || wanted.includes(index));
  if (disks.length === 0) throw new SlipwayError("invalid", `Instance ${row.name} has no disks.`, { field: "disks" });
  return disks.map(({ index, sizeMib }) => ({ index, sizeMib }));
}
