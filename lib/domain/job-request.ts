/**
 * What a job's executor runs, as it is stored: no private or secret value in it. Whatever is needed to put an instance back
 * as it was stands here too, because the process that accepted the job may be gone.
 */
import { z } from "zod";
import { ACTIVE_STATES, FINAL_STATES } from "./install-states.ts";
import { ownSourceSchema } from "./own-source.ts";

const power = z.enum(["running", "stopped"]);
const installState = z.enum([...ACTIVE_STATES, ...FINAL_STATES]);

/** The instance before the job took hold of it. */
const beforeSchema = z.strictObject({ adminState: power, installState: installState.nullable(), installId: z.uuid().nullable() });

/** For what a node is ordered to do with disks: when the order first went out, after which the node alone knows what came of it. */
const sentAt = z.iso.datetime().optional();

export const jobRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("instance.create"), installId: z.uuid(), start: z.boolean(), before: beforeSchema }),
  z.strictObject({
    kind: z.literal("instance.reinstall"),
    installId: z.uuid(),
    start: z.boolean().nullable(),
    /** Whether the definition or variant changes with success. */
    definitionId: z.uuid().nullable(),
    variant: z.string().nullable(),
    /** Image, medium and package that are stored with success. */
    source: ownSourceSchema.default({}),
    before: beforeSchema,
  }),
  /** Like a creation; the export's files are brought to the node first. */
  z.strictObject({ kind: z.literal("instance.import"), installId: z.uuid(), exportId: z.uuid(), start: z.boolean(), before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.export"), installId: z.uuid(), exportId: z.uuid(), before: beforeSchema }),
  /** The instance is called so once the script has said that it worked. */
  z.strictObject({ kind: z.literal("instance.rename"), installId: z.uuid(), newName: z.string(), before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.rollback"), orderId: z.uuid(), keptAs: z.uuid(), graceSeconds: z.number().int().min(0), start: z.boolean().nullable(), sentAt, before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.snapshot"), orderId: z.uuid(), action: z.enum(["snapshot", "restore-snapshot", "delete-snapshot"]), snapshotId: z.uuid(), sentAt, before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.power"), orderId: z.uuid(), action: z.enum(["start", "stop", "reboot", "rescue"]), graceSeconds: z.number().int().min(0), before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.delete"), orderId: z.uuid() }),
  /** Nothing to carry out: a request that was refused, or a dry run, whose interface answers with a job all the same (RAPI). */
  z.strictObject({ kind: z.literal("on-record") }),
]);
export type JobRequest = z.infer<typeof jobRequestSchema>;
export type JobKind = JobRequest["kind"];
