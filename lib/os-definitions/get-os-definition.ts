import { unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { decide } from "#lib/domain/access.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { blockedActions } from "./blocked-actions.ts";
import { countUses } from "./count-uses.ts";
import { DETAIL, definitionDetail } from "./definition-view.ts";
import { clusterFacts } from "./host-scripts.ts";
import { requireDefinition } from "./require-definition.ts";
import { isDefinitionUsed } from "./uses.ts";

/** An OS definition with what its current version holds. @throws SlipwayError `unknown_object` */
export async function getOsDefinition(ctx: RequestContext, name: string): Promise<OsDefinitionDetail> {
  const { db } = ctx.services;
  const found = await requireDefinition(ctx, "os.read", name);
  const [row, uses, isUsed, cluster] = await Promise.all([
    db.osDefinition.findUnique({ where: { id: found.id }, select: DETAIL }),
    countUses(ctx, [found.id]),
    isDefinitionUsed(db, found.id),
    clusterFacts(db),
  ]);
  if (row === null) throw unknownObject("os", name);
  return definitionDetail(row, {
    instanceCount: uses.get(row.id) ?? 0,
    cluster,
    mayModify: decide(ctx.identity, "os.modify", found.ownerId) === "allowed",
    blockedActions: blockedActions(ctx, found, isUsed),
  });
}
