import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { ClusterView } from "#lib/domain/views.ts";
import { clusterView } from "./cluster-view.ts";

/** Settings of the cluster. */
export async function getCluster(ctx: RequestContext): Promise<ClusterView> {
  await requireAccess(ctx, "cluster.read", { kind: "cluster", name: null, ownerId: null });
  const row = await ctx.services.db.cluster.findUnique({ where: { id: 1 } });
  if (row === null) throw unknownObject("cluster", "here yet");
  return clusterView(row);
}
