import type { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";

/** Longer ones are none of ours. */
const CURSOR_LENGTH = 1_024;

/** Where a cursor stands and how many rows to read after it. @throws SlipwayError `invalid` for a foreign cursor or limit. */
export function pageStart<S extends z.ZodType>(request: PageRequest, schema: S): { readonly limit: number; readonly after: z.output<S> | null } {
  const limit = request.limit ?? PAGE_LIMITS.default;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_LIMITS.max) {
    throw new SlipwayError("invalid", `limit must be a whole number from 1 to ${PAGE_LIMITS.max}.`, { field: "limit" });
  }
  return { limit, after: request.cursor === undefined ? null : decodeCursor(request.cursor, schema) };
}

/** A page out of `limit + 1` rows: the one too many says that there are more. */
export function makePage<Row>(rows: readonly Row[], limit: number, position: (last: Row) => unknown): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null };
}

function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function decodeCursor<S extends z.ZodType>(cursor: string, schema: S): z.output<S> {
  const refusal = new SlipwayError("invalid", "cursor isn't one that this list gave.", { field: "cursor" });
  if (cursor.length > CURSOR_LENGTH) throw refusal;
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw refusal;
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw refusal;
  return parsed.data;
}
