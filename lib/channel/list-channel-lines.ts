import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ChannelLineView } from "#lib/domain/network.ts";
import { findInstance } from "#lib/instances/find-instance.ts";

export interface ListChannelLinesRequest {
  /** An id that `next` gave: lines from before it. */
  readonly before?: string | undefined;
  /** 1 to 500. */
  readonly limit: number;
}

export interface ChannelLines {
  readonly items: readonly ChannelLineView[];
  /** For the lines before these; null: there are none. */
  readonly next: string | null;
}

/** What was said over a running instance's channel, newest first. Of each instance there are the last 500 lines. */
export async function listChannelLines(ctx: RequestContext, instanceName: string, { before, limit }: ListChannelLinesRequest): Promise<ChannelLines> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) throw new SlipwayError("invalid", "limit must be a whole number from 1 to 500.", { field: "limit" });
  if (before !== undefined && !/^\d{1,18}$/.test(before)) throw new SlipwayError("invalid", "before must be an id that this list gave.", { field: "before" });
  const { id } = await findInstance(ctx, "instance.channel", instanceName);
  const rows = await ctx.services.db.channelLine.findMany({
    where: { instanceId: id, ...(before === undefined ? {} : { id: { lt: BigInt(before) } }) },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const items = rows.slice(0, limit).map(
    ({ id: lineId, at, kind, author, text, step, percent }): ChannelLineView => ({
      id: lineId.toString(),
      at: at.toISOString(),
      // States are an install's alone.
      kind: kind === "state" ? "notice" : kind,
      author,
      text,
      step,
      percent,
    }),
  );
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
