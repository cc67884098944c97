import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { networkViews } from "./network-view.ts";

const cursorSchema = z.strictObject({ name: z.string() });

/** Networks by name. For administrators. */
export async function listNetworks(ctx: RequestContext, request: PageRequest): Promise<Page<NetworkView>> {
  await requireReach(ctx, "network.list", "network");
  const { limit, after } = pageStart(request, cursorSchema);
  const { db } = ctx.services;
  const rows = await db.network.findMany({ where: after === null ? {} : { name: { gt: after.name } }, orderBy: { name: "asc" }, take: limit + 1 });
  const page = makePage(rows, limit, (row) => ({ name: row.name }));
  return { ...page, items: await networkViews(db, page.items) };
}
