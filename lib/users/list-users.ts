import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { UserView } from "#lib/domain/views.ts";
import { userView } from "./user-view.ts";

const cursorSchema = z.strictObject({ name: z.string().max(64) });

/** Accounts by name. For administrators. */
export async function listUsers(ctx: RequestContext, request: PageRequest): Promise<Page<UserView>> {
  await requireReach(ctx, "user.list", "user");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.user.findMany({
    where: after === null ? {} : { name: { gt: after.name } },
    orderBy: { name: "asc" },
    take: limit + 1,
  });
  const page = makePage(rows, limit, ({ name }) => ({ name }));
  return { ...page, items: page.items.map(userView) };
}
