import type { RequestContext } from "#lib/context/context.ts";
import type { SnapshotView } from "#lib/domain/snapshot-views.ts";
import { SNAPSHOTS_PER_INSTANCE } from "#lib/domain/snapshot-views.ts";
import { findInstance } from "#lib/instances/find-instance.ts";
import { snapshotView } from "./snapshot-view.ts";

/** All snapshots of an instance, the newest first. @throws SlipwayError `unknown_object` */
export async function listSnapshots(ctx: RequestContext, instanceName: string): Promise<SnapshotView[]> {
  const { id } = await findInstance(ctx, "instance.read", instanceName);
  const rows = await ctx.services.db.diskSnapshot.findMany({ where: { instanceId: id }, orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: SNAPSHOTS_PER_INSTANCE });
  return rows.map(snapshotView);
}
