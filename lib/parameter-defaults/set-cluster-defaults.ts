import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import type { DefaultsView } from "#lib/domain/os-definition-views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { readChanges } from "./changes.ts";
import { getClusterDefaults } from "./get-cluster-defaults.ts";
import type { ClusterDefaultsInput } from "./schemas.ts";
import { defaultFacts, writeDefaults } from "./write-defaults.ts";

/**
 * Sets and removes defaults of the whole cluster. Any name will do: one counts for the definitions that declare it. A private one
 * counts for the cluster's own definitions only (load-defaults.ts).
 *
 * @throws SlipwayError `invalid`, `too_large`
 */
export async function setClusterDefaults(ctx: RequestContext, input: ClusterDefaultsInput): Promise<DefaultsView> {
  await requireAccess(ctx, "cluster.modify", { kind: "cluster", name: null, ownerId: null });
  const changes = readChanges(input);
  await ctx.services.db.$transaction(async (tx) => {
    await tx.$executeRaw(Prisma.sql`SELECT 1 FROM cluster WHERE id = 1 FOR UPDATE`);
    await writeDefaults(tx, ctx, { definitionId: null, variant: null }, changes);
    await appendAudit(tx, ctx, { action: "cluster.modify", object: { kind: "cluster", name: null }, outcome: "done", details: defaultFacts(changes) });
    await appendEvents(tx, [{ payload: { type: "cluster.changed" }, ownerId: null }]);
  });
  return getClusterDefaults(ctx);
}
