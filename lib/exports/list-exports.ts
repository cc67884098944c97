import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import type { ExportSummary } from "#lib/domain/export-views.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { EXPORT_VIEW, exportSummary } from "./export-view.ts";

const cursorSchema = z.strictObject({ at: z.iso.datetime(), id: z.uuid() });

/** Exports that the caller may use, the newest first. */
export async function listExports(ctx: RequestContext, request: PageRequest): Promise<Page<ExportSummary>> {
  const mine = await requireReach(ctx, "export.list", "export");
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.instanceExport.findMany({
    where: { ...mine, ...(after === null ? {} : { OR: [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }] }) },
    include: EXPORT_VIEW,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  const page = makePage(rows, limit, (row) => ({ at: row.createdAt.toISOString(), id: row.id }));
  return { ...page, items: page.items.map(exportSummary) };
}
