/** Bodies of what is done with an instance beside creating, reinstalling and its power. */
import { z } from "zod";
import { instanceNameSchema, sentParametersSchema } from "./schemas.ts";

export const rollbackInputSchema = z.strictObject({
  /** Power state afterwards: true running, false stopped, null or left out as it was. */
  start: z.boolean().nullable().optional(),
  /** Seconds for a running system to go by itself. */
  graceSeconds: z.number().int().min(0).max(3_600).optional(),
});
export type RollbackInput = z.output<typeof rollbackInputSchema>;

export const renameInputSchema = z.strictObject({ newName: instanceNameSchema });
export type RenameInput = z.output<typeof renameInputSchema>;

export const importInputSchema = z.strictObject({
  exportId: z.uuid(),
  name: instanceNameSchema,
  /** Left out: the node with the most room. */
  node: z.string().min(1).max(253).optional(),
  /** A user's name; left out: who asks. */
  owner: z.string().min(1).max(64).optional(),
  /** Private and secret values aren't in an export; public ones count unless others are sent. */
  parameters: sentParametersSchema,
  /** Left out: started. */
  start: z.boolean().optional(),
});
export type ImportInput = z.output<typeof importInputSchema>;
