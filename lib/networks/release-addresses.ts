import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { rangeIn } from "./address-range.ts";
import { networkView } from "./network-view.ts";
import { holdNetwork, readNetwork } from "./read-network.ts";
import type { ReleaseAddressesInput } from "./schemas.ts";

/**
 * Gives reserved addresses back to the pool. Those that a guest has and the network's own stay as they are.
 *
 * @throws SlipwayError `unknown_object`, `too_large`, and `invalid` where not one of them is reserved by hand
 */
export async function releaseAddresses(ctx: RequestContext, name: string, input: ReleaseAddressesInput): Promise<NetworkView> {
  const found = await readNetwork(ctx, "network.modify", name);
  return ctx.services.db.$transaction(async (tx) => {
    const row = await holdNetwork(tx, found);
    const { from, to } = rangeIn(row.subnet, input);
    const released = await tx.$executeRaw(Prisma.sql`
      DELETE FROM network_address
      WHERE network_id = ${row.id}::uuid AND "offset" BETWEEN ${from} AND ${to} AND num_nonnulls(nic_id, instance_id, install_id) = 0
        AND "offset" <> ALL(${[...ownAddresses(row).keys()]}::int[])`);
    if (released === 0) throw new SlipwayError("invalid", "first and last must have addresses between them that were reserved by hand.", { field: "first" });
    await appendAudit(tx, ctx, { action: "network.release", object: { kind: "network", name }, outcome: "done", details: { first: input.first, last: input.last, released } });
    const view = await networkView(tx, row);
    await appendEvents(tx, [{ payload: { type: "network.changed", name }, ownerId: null }]);
    return view;
  });
}
