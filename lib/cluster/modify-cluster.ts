import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import type { ClusterView } from "#lib/domain/views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { clusterView } from "./cluster-view.ts";
import type { ModifyClusterInput } from "./schemas.ts";
import { modifyClusterInputSchema } from "./schemas.ts";

/** Changes the settings that are given, and no others. */
export async function modifyCluster(ctx: RequestContext, input: ModifyClusterInput): Promise<ClusterView> {
  await requireAccess(ctx, "cluster.modify", { kind: "cluster", name: null, ownerId: null });
  const given = withoutUndefined(parseInput(modifyClusterInputSchema, input));
  return ctx.services.db.$transaction(async (tx) => {
    const { applianceDigest } = given;
    if (applianceDigest !== undefined && (await tx.appliance.count({ where: { digest: applianceDigest } })) === 0) {
      throw new SlipwayError("unknown_object", `There is no appliance with the digest ${applianceDigest}.`, { field: "applianceDigest" });
    }
    const row = await tx.cluster.update({ where: { id: 1 }, data: { ...given, serialNo: { increment: 1 } } });
    await appendAudit(tx, ctx, { action: "cluster.modify", object: { kind: "cluster", name: row.name }, outcome: "done", details: given });
    await appendEvents(tx, [{ payload: { type: "cluster.changed" }, ownerId: null }]);
    return clusterView(row);
  });
}

type Given = { readonly [K in keyof ModifyClusterInput]?: Exclude<ModifyClusterInput[K], undefined> };

function withoutUndefined(input: ModifyClusterInput): Given {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}
