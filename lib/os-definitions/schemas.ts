import { z } from "zod";
import { MOST_SHARES } from "#lib/domain/os-quotas.ts";
import { isReadableLine } from "#lib/domain/unseen-text.ts";

/** A reason is read where it is decided what may run on hosts: all of it must be seen. */
const reason = z.string().trim().min(3).max(500).refine(isReadableLine, "must be one line, and every character of it visible");

export const setTrustInputSchema = z.discriminatedUnion("trusted", [
  z.strictObject({
    trusted: z.literal(true),
    /** Of the current version, as whoever decides has seen it. */
    digest: z.string().regex(/^[0-9a-f]{64}$/, "must be a sha256 digest"),
    reason,
    /** New versions are trusted as soon as they are registered. */
    updates: z.boolean().default(false),
  }),
  z.strictObject({ trusted: z.literal(false), reason }),
]);
export type SetTrustInput = z.input<typeof setTrustInputSchema>;

export const modifyOsDefinitionInputSchema = z.strictObject({
  hidden: z.boolean().optional(),
  blacklisted: z.boolean().optional(),
  /** Names of all users who see it beside its owner. */
  sharedWith: z.array(z.string().min(1).max(64)).max(MOST_SHARES).optional(),
  /** As it was read; the change is refused where the definition has changed since. */
  serialNo: z.number().int().min(1).optional(),
});
export type ModifyOsDefinitionInput = z.input<typeof modifyOsDefinitionInputSchema>;
