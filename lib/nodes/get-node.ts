import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { NodeView } from "#lib/domain/views.ts";
import { nodeView, WITH_INSTANCE_COUNT } from "./node-view.ts";

/** One node by name. For administrators. @throws SlipwayError `unknown_object` */
export async function getNode(ctx: RequestContext, name: string): Promise<NodeView> {
  await requireAccess(ctx, "node.read", { kind: "node", name, ownerId: null });
  const row = await ctx.services.db.node.findUnique({ where: { name }, include: WITH_INSTANCE_COUNT });
  if (row === null) throw unknownObject("node", name);
  return nodeView(row);
}
