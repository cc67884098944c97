import { z } from "zod";

/** Bounds are those of the table's constraints. Seconds. */
export const modifyClusterInputSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a host name").optional(),
  installTimeoutSeconds: z.number().int().min(10).max(604_800).nullable().optional(),
  diskRetentionSeconds: z.number().int().min(0).max(31_536_000).optional(),
  hostScripts: z.boolean().optional(),
  enableSafeInstall: z.boolean().optional(),
  requireMetadataTokens: z.boolean().optional(),
  applianceDigest: z.string().regex(/^[0-9a-f]{64}$/).optional(),
});
export type ModifyClusterInput = z.output<typeof modifyClusterInputSchema>;
