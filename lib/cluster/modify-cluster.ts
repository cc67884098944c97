import { z } from "zod";
import { requireAccess, unknownObject } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import type { ClusterView } from "#lib/domain/views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { clusterView } from "./cluster-view.ts";

/** Bounds are those of the table's constraints. Seconds. */
export const modifyClusterSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a host name").optional(),
  installTimeoutSeconds: z.number().int().min(10).max(604_800).nullable().optional(),
  diskRetentionSeconds: z.number().int().min(0).max(31_536_000).optional(),
  hostScripts: z.boolean().optional(),
  enableSafeInstall: z.boolean().optional(),
  applianceDigest: z.string().regex(/^[0-9a-f]{64}$/).optional(),
});
export type ModifyClusterInput = z.output<typeof modifyClusterSchema>;

/** Changes the settings that are given, and no others. */
export async function modifyCluster(ctx: RequestContext, input: ModifyClusterInput): Promise<ClusterView> {
  await requireAccess(ctx, "cluster.modify", { kind: "cluster", name: null, ownerId: null });
  const given = withoutUndefined(parseInput(modifyClusterSchema, input));
  return ctx.services.db.$transaction(async (tx) => {
    const { applianceDigest } = given;
    if (applianceDigest !== undefined && (await tx.appliance.count({ where: { digest: applianceDigest } })) === 0) {
      throw unknownObject("appliance", applianceDigest);
    }
    const row = await tx.cluster.update({ where: { id: 1 }, data: { ...given, serialNo: { increment: 1 } } });
    await appendAudit(tx, ctx, { action: "cluster.modify", object: { kind: "cluster", name: row.name }, outcome: "done", details: given });
    await appendEvents(tx, [{ payload: { type: "cluster.changed" }, ownerId: null }]);
    return clusterView(row);
  });
}

type Given = { readonly [K in keyof ModifyClusterInput]?: Exclude<ModifyClusterInput[K], undefined> };

function withoutUndefined(input: ModifyClusterInput): Given {
  // Leaving out the undefined ones leaves the others as the schema typed them, which Object.fromEntries can't say.
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Given;
}
