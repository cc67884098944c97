import { z } from "zod";
import { INSTANCE_LIMITS } from "#lib/domain/instance-limits.ts";
import { SNAPSHOT_NAME } from "#lib/domain/snapshot-views.ts";

export const snapshotNameSchema = z.string().regex(SNAPSHOT_NAME, "must have lower-case letters, digits and ._- only, at most 63");

export const createSnapshotInputSchema = z.strictObject({
  name: snapshotNameSchema,
  /** Indices; left out: all. */
  disks: z
    .array(z.number().int().min(0).max(15))
    .min(1)
    .max(INSTANCE_LIMITS.disks)
    .refine((indices) => new Set(indices).size === indices.length, "must have each disk once")
    .optional(),
});
export type CreateSnapshotInput = z.output<typeof createSnapshotInputSchema>;
