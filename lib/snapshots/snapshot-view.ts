import { z } from "zod";
import type { DiskSnapshot } from "#lib/db/client.ts";
import type { SnapshotView } from "#lib/domain/snapshot-views.ts";

const disksSchema = z.array(z.object({ index: z.number().int(), sizeMib: z.number().int() }));

/** The column, read back. */
export function readSnapshotDisks(json: unknown): z.infer<typeof disksSchema> {
  return disksSchema.parse(json);
}

export function snapshotView(row: DiskSnapshot): SnapshotView {
  return { id: row.id, name: row.name, disks: readSnapshotDisks(row.disks), usedMib: row.usedMib, createdBy: row.createdBy, createdAt: row.createdAt.toISOString() };
}
