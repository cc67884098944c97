import { z } from "zod";
import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { ExportView } from "#lib/domain/export-views.ts";
import type { ExportRow } from "./export-view.ts";
import { EXPORT_VIEW, exportView } from "./export-view.ts";

/** @throws SlipwayError `unknown_object` */
export async function getExport(ctx: RequestContext, id: string): Promise<ExportView> {
  return exportView(await readExport(ctx, "export.read", id));
}

/** An export, for somebody who may carry out an operation on it. @throws SlipwayError `unknown_object`, `not_allowed` */
export async function readExport(ctx: RequestContext, operation: Extract<Operation, "export.read" | "export.delete">, id: string): Promise<ExportRow> {
  const row = z.uuid().safeParse(id).success ? await ctx.services.db.instanceExport.findUnique({ where: { id }, include: EXPORT_VIEW }) : null;
  if (row === null) throw unknownObject("export", id.slice(0, 64));
  await requireAccess(ctx, operation, { kind: "export", name: id, ownerId: row.ownerId });
  return row;
}
