import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallEntryView } from "#lib/domain/views.ts";
import { readInstall } from "./get-install.ts";

export interface ListInstallEntriesRequest {
  /** Entries with a higher number, from the lowest on. */
  readonly after?: number | undefined;
  /** Entries with a lower number, the highest of them. */
  readonly before?: number | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface InstallEntries {
  /** In the order of their numbers. */
  readonly items: readonly InstallEntryView[];
  /** Whether there are more in the direction that was asked for. */
  readonly hasMore: boolean;
  /** Number of the last entry in the log. */
  readonly lastSeq: number;
}

/** A part of an install's log. Without `after` and `before`: its end. */
export async function listInstallEntries(ctx: RequestContext, id: string, { after, before, limit }: ListInstallEntriesRequest): Promise<InstallEntries> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new SlipwayError("invalid", "limit must be a whole number from 1 to 1000.", { field: "limit" });
  const install = await readInstall(ctx, id);
  const forwards = after !== undefined;
  const rows = await ctx.services.db.installEvent.findMany({
    where: { installId: id, seq: { ...(after === undefined ? {} : { gt: after }), ...(before === undefined ? {} : { lt: before }) } },
    orderBy: { seq: forwards ? "asc" : "desc" },
    take: limit + 1,
  });
  const items = rows.slice(0, limit).map(({ seq, at, kind, author, text, step, percent }) => ({ seq, at: at.toISOString(), kind, author, text, step, percent }));
  return { items: forwards ? items : items.toReversed(), hasMore: rows.length > limit, lastSeq: install.lastSeq };
}
