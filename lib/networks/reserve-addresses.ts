import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { rangeIn } from "./address-range.ts";
import { networkView } from "./network-view.ts";
import { holdNetwork, readNetwork } from "./read-network.ts";
import type { ReserveAddressesInput } from "./schemas.ts";

/**
 * Takes addresses out of the pool: nobody is given one. Those that are reserved already get the new note, but for the network's own.
 *
 * @throws SlipwayError `unknown_object`, `invalid`, `too_large`, and `conflict`, naming an address that a guest has
 */
export async function reserveAddresses(ctx: RequestContext, name: string, input: ReserveAddressesInput): Promise<NetworkView> {
  const found = await readNetwork(ctx, "network.modify", name);
  return ctx.services.db.$transaction(async (tx) => {
    const row = await holdNetwork(tx, found);
    const { from, to } = rangeIn(row.subnet, input);
    const held = await tx.$queryRaw<{ offset: number }[]>(Prisma.sql`
      SELECT "offset" FROM network_address
      WHERE network_id = ${row.id}::uuid AND "offset" BETWEEN ${from} AND ${to} AND num_nonnulls(nic_id, instance_id, install_id) > 0 ORDER BY "offset" LIMIT 1`);
    const first = held[0];
    if (first !== undefined) throw new SlipwayError("conflict", `${addressAt(row.subnet, first.offset)} is held by a guest and can't be reserved.`, { field: "first" });
    const own = [...ownAddresses(row).keys()];
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO network_address (network_id, "offset", note)
      SELECT ${row.id}::uuid, "offset", ${input.note}::text FROM generate_series(${from}::int, ${to}::int) AS r("offset") WHERE "offset" <> ALL(${own}::int[])
      ON CONFLICT (network_id, "offset") DO UPDATE SET note = excluded.note`);
    await appendAudit(tx, ctx, { action: "network.reserve", object: { kind: "network", name }, outcome: "done", details: { first: input.first, last: input.last } });
    const view = await networkView(tx, row);
    await appendEvents(tx, [{ payload: { type: "network.changed", name }, ownerId: null }]);
    return view;
  });
}
