import { z } from "zod";
import { requireSight } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Prisma } from "#lib/db/client.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { countUses } from "./count-uses.ts";
import { definitionSummary, SUMMARY } from "./definition-view.ts";
import { clusterFacts } from "./host-scripts.ts";

const cursorSchema = z.strictObject({ name: z.string() });

export interface ListOsDefinitionsRequest extends PageRequest {
  /** A part of the name or of the title, in letters of either case. */
  readonly search?: string | undefined;
}

/** The OS definitions that the caller sees, by name, hidden ones too: who offers them for an install leaves those out. */
export async function listOsDefinitions(ctx: RequestContext, request: ListOsDefinitionsRequest): Promise<Page<OsDefinitionSummary>> {
  const seen = await requireSight(ctx, "os.list");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.osDefinition.findMany({
    where: { AND: [seen, matching(request.search ?? ""), after === null ? {} : { name: { gt: after.name } }] },
    orderBy: { name: "asc" },
    take: limit + 1,
    select: SUMMARY,
  });
  const page = makePage(rows, limit, (row) => ({ name: row.name }));
  const [uses, cluster] = await Promise.all([countUses(ctx, page.items.map(({ id }) => id)), clusterFacts(ctx.services.db)]);
  return { ...page, items: page.items.map((row) => definitionSummary(row, cluster, uses.get(row.id) ?? 0)) };
}

function matching(search: string): Prisma.OsDefinitionWhereInput {
  if (search === "") return {};
  // A text in which LIKE finds no wildcard.
  const part = { contains: search.replace(/[\\%_]/g, "\\$&"), mode: "insensitive" } as const;
  return { OR: [{ name: part }, { currentVersion: { title: part } }] };
}
