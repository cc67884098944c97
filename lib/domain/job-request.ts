/**
 * What a job's executor runs, as it is stored: no private or secret value in it. Whatever is needed to put an instance back
 * as it was stands here too, because the process that accepted the job may be gone.
 */
import { z } from "zod";
import { ACTIVE_STATES, FINAL_STATES } from "./install-states.ts";

const power = z.enum(["running", "stopped"]);
const installState = z.enum([...ACTIVE_STATES, ...FINAL_STATES]);

/** The instance before the job took hold of it. */
const beforeSchema = z.strictObject({ adminState: power, installState: installState.nullable(), installId: z.uuid().nullable() });

export const jobRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("instance.create"), installId: z.uuid(), start: z.boolean(), before: beforeSchema }),
  z.strictObject({
    kind: z.literal("instance.reinstall"),
    installId: z.uuid(),
    start: z.boolean().nullable(),
    /** Whether the definition or variant changes with success. */
    definitionId: z.uuid(),
    variant: z.string().nullable(),
    before: beforeSchema,
  }),
  z.strictObject({ kind: z.literal("instance.power"), orderId: z.uuid(), action: z.enum(["start", "stop", "reboot"]), graceSeconds: z.number().int().min(0), before: beforeSchema }),
  z.strictObject({ kind: z.literal("instance.delete"), orderId: z.uuid() }),
  /** Nothing to carry out: a request that was refused, or a dry run, whose interface answers with a job all the same (RAPI). */
  z.strictObject({ kind: z.literal("on-record") }),
]);
export type JobRequest = z.infer<typeof jobRequestSchema>;
export type JobKind = JobRequest["kind"];
