import { z } from "zod";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { OsVersionSummary } from "#lib/domain/os-definition-views.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { VERSION, versionSummary } from "./definition-view.ts";
import { requireDefinition } from "./require-definition.ts";

const cursorSchema = z.strictObject({ version: z.number().int() });

/** Versions of a definition, the one that was registered first last. @throws SlipwayError `unknown_object` */
export async function listVersions(ctx: RequestContext, name: string, request: PageRequest): Promise<Page<OsVersionSummary>> {
  const { id } = await requireDefinition(ctx, "os.read", name);
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.osDefinitionVersion.findMany({
    where: { definitionId: id, ...(after === null ? {} : { version: { lt: after.version } }) },
    orderBy: { version: "desc" },
    take: limit + 1,
    select: VERSION,
  });
  const page = makePage(rows, limit, ({ version }) => ({ version }));
  return { ...page, items: page.items.map(versionSummary) };
}
