import { z } from "zod";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";

/** Parts that many routes share. */
export const noParams = z.object({});
export const noQuery = z.strictObject({});
/** For a request without a body; an empty object does no harm. */
export const noBody = z.strictObject({}).optional();

/** The bytes of an archive. */
export const archiveBody = z.instanceof(Uint8Array);

/** A name in a path. Whether it is a possible name is the operation's question: an impossible one is unknown. */
export const nameParams = z.object({ name: z.string().min(1).max(253) });
export const versionNumber = z.string().regex(/^[1-9]\d{0,8}$/, "must be a version's number").transform(Number);
export const versionParams = nameParams.extend({ version: versionNumber });
export const jobParams = z.object({ id: z.string().regex(/^[1-9]\d{0,8}$/, "must be a job's number").transform(Number) });
export const snapshotParams = nameParams.extend({ snapshot: z.string().min(1).max(63) });
export const exportParams = z.object({ id: z.uuid("must be an export's id") });
export const installParams = z.object({ id: z.uuid("must be an install's id") });

export const pageFields = {
  cursor: z.string().min(1).max(512).optional(),
  limit: wholeNumber(1, PAGE_LIMITS.max).default(PAGE_LIMITS.default),
};
export const pageQuery = z.strictObject(pageFields);

/** A part of a name or title that is looked for. */
export const searchText = z.string().max(100).refine((text) => !text.includes("\0"), "has a character that can't be used");

/** A whole number as it stands in a query. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,10}$/, "must be a whole number")
    .transform(Number)
    .refine((number) => number >= min && number <= max, `must be from ${min} to ${max}`);
}

/** `true` or `false` as it stands in a query. */
export const flag = z.enum(["true", "false"]).transform((word) => word === "true");
