import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { NodeView } from "#lib/domain/views.ts";
import { nodeView, WITH_INSTANCE_COUNT } from "./node-view.ts";

const cursorSchema = z.strictObject({ name: z.string().max(253) });

/** Nodes by name. For administrators. */
export async function listNodes(ctx: RequestContext, request: PageRequest): Promise<Page<NodeView>> {
  await requireReach(ctx, "node.list", "node");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.node.findMany({
    where: after === null ? {} : { name: { gt: after.name } },
    orderBy: { name: "asc" },
    take: limit + 1,
    include: WITH_INSTANCE_COUNT,
  });
  const page = makePage(rows, limit, ({ name }) => ({ name }));
  return { ...page, items: page.items.map(nodeView) };
}
