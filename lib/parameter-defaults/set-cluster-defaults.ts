import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { DefaultsView } from "#lib/domain/os-definition-views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import type { DefaultChanges } from "./changes.ts";
import { readChanges } from "./changes.ts";
import { getClusterDefaults } from "./get-cluster-defaults.ts";
import { readFloors } from "./read-floors.ts";
import type { ClusterDefaultsInput } from "./schemas.ts";
import { defaultFacts, writeDefaults } from "./write-defaults.ts";

/**
 * Sets and removes defaults of the whole cluster. Any name will do: one counts for the definitions that declare it. A private one
 * counts for the cluster's own definitions only (load-defaults.ts), and those set its floor: what one of them declares secret isn't
 * stored, and what one declares private isn't stored for everybody to read.
 *
 * @throws SlipwayError `invalid`, `visibility_too_low`, `too_large`
 */
export async function setClusterDefaults(ctx: RequestContext, input: ClusterDefaultsInput): Promise<DefaultsView> {
  await requireAccess(ctx, "cluster.modify", { kind: "cluster", name: null, ownerId: null });
  const changes = readChanges(input);
  await ctx.services.db.$transaction(async (tx) => {
    await tx.$executeRaw(Prisma.sql`SELECT 1 FROM cluster WHERE id = 1 FOR UPDATE`);
    await checkFloors(tx, changes);
    await writeDefaults(tx, ctx, { definitionId: null, variant: null }, changes);
    await appendAudit(tx, ctx, { action: "cluster.modify", object: { kind: "cluster", name: null }, outcome: "done", details: defaultFacts(changes) });
    await appendEvents(tx, [{ payload: { type: "cluster.changed" }, ownerId: null }]);
  });
  return getClusterDefaults(ctx);
}

/** Only what is set: whatever is there may be removed. */
async function checkFloors(tx: Transaction, { set }: DefaultChanges): Promise<void> {
  for (const { name, visibility, definition } of await readFloors(tx, [...set.keys()])) {
    const details = { field: `osparams.${name}`, names: [name] };
    if (visibility === "secret") throw new SlipwayError("invalid", `OS definition ${definition} declares OS parameter ${name} secret, and secret parameters have no default.`, details);
    if (set.get(name)?.visibility === "public") throw new SlipwayError("visibility_too_low", `OS parameter ${name} must be sent as private: OS definition ${definition} declares it so.`, details);
  }
}
