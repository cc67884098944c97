import { z } from "zod";
import { privateSourceProblem } from "#lib/domain/private-source.ts";

/** A host, an address or a range of a private network from which images, media and packages may be fetched. */
const privateSource = z
  .string()
  .max(253)
  .check((context) => {
    const problem = privateSourceProblem(context.value);
    if (problem !== null) context.issues.push({ code: "custom", message: problem, input: context.value });
  });

/** Bounds are those of the table's constraints. Seconds. */
export const modifyClusterInputSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a host name").optional(),
  installTimeoutSeconds: z.number().int().min(10).max(604_800).nullable().optional(),
  diskRetentionSeconds: z.number().int().min(0).max(31_536_000).optional(),
  hostScripts: z.boolean().optional(),
  enableSafeInstall: z.boolean().optional(),
  requireMetadataTokens: z.boolean().optional(),
  /** The same for an install by a medium, or one that waits for its system's word. */
  mediumTimeoutSeconds: z.number().int().min(10).max(604_800).nullable().optional(),
  privateSources: z.array(privateSource).max(64).transform((entries) => [...new Set(entries)]).optional(),
  eraseDisks: z.boolean().optional(),
  applianceDigest: z.string().regex(/^[0-9a-f]{64}$/).optional(),
});
export type ModifyClusterInput = z.output<typeof modifyClusterInputSchema>;
