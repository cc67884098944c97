import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { definitionSummary, SUMMARY } from "./definition-view.ts";

const cursorSchema = z.strictObject({ name: z.string() });

/** All OS definitions by name, hidden ones too: who shows them leaves those out. */
export async function listOsDefinitions(ctx: RequestContext, request: PageRequest): Promise<Page<OsDefinitionSummary>> {
  await requireReach(ctx, "os.list", "os");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.osDefinition.findMany({
    where: after === null ? {} : { name: { gt: after.name } },
    orderBy: { name: "asc" },
    take: limit + 1,
    include: SUMMARY,
  });
  const page = makePage(rows, limit, (row) => ({ name: row.name }));
  return { ...page, items: page.items.map(definitionSummary) };
}
