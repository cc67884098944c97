import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { DETAIL, definitionDetail } from "./definition-view.ts";

/** @throws SlipwayError `unknown_object` */
export async function getOsDefinition(ctx: RequestContext, name: string): Promise<OsDefinitionDetail> {
  const row = await ctx.services.db.osDefinition.findUnique({ where: { name }, include: DETAIL });
  if (row === null) throw unknownObject("os", name.slice(0, 64));
  await requireAccess(ctx, "os.read", { kind: "os", name, ownerId: row.ownerId });
  return definitionDetail(row);
}
