import { z } from "zod";

/** What a process that ran cases says at its end. */
export const resultSchema = z.object({
  executions: z.number().int(),
  /** Kinds of results and of refusals. */
  outcomes: z.number().int(),
  slowestMs: z.number().int(),
  /** What was wrong with the last case; null: nothing. */
  problem: z.string().nullable(),
});
export type FuzzResult = z.infer<typeof resultSchema>;
