import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { rangeIn } from "./address-range.ts";
import { HOLDER_JOINS, HOLDER_NAME, holderText } from "./holder-name.ts";
import { networkView } from "./network-view.ts";
import { holdNetwork, readNetwork } from "./read-network.ts";
import type { ReserveAddressesInput } from "./schemas.ts";

interface TakenRow {
  readonly offset: number;
  readonly note: string | null;
  readonly isHeld: boolean;
  readonly name: string | null;
}

/**
 * Takes addresses out of the pool: nobody is given one. The network's own stay as they are. Asked for a second time with the same note,
 * it changes nothing.
 *
 * @throws SlipwayError `unknown_object`, `invalid`, `too_large`, and with an address `conflict`, where a guest has it, and `exists`, where
 *   it is reserved already
 */
export async function reserveAddresses(ctx: RequestContext, name: string, input: ReserveAddressesInput): Promise<NetworkView> {
  const found = await readNetwork(ctx, "network.modify", name);
  return ctx.services.db.$transaction(async (tx) => {
    const row = await holdNetwork(tx, found);
    const { from, to } = rangeIn(row.subnet, input);
    const own = [...ownAddresses(row).keys()];
    const taken = await tx.$queryRaw<TakenRow[]>(Prisma.sql`
      SELECT a."offset", a.note, num_nonnulls(a.nic_id, a.instance_id, a.install_id) > 0 AS "isHeld", ${HOLDER_NAME} AS name
      FROM network_address a ${HOLDER_JOINS}
      WHERE a.network_id = ${row.id}::uuid AND a."offset" BETWEEN ${from} AND ${to} AND (a."offset" <> ALL(${own}::int[]) OR num_nonnulls(a.nic_id, a.instance_id, a.install_id) > 0)
      ORDER BY a."offset"`);
    const held = taken.find(({ isHeld }) => isHeld);
    if (held !== undefined) throw new SlipwayError("conflict", `${addressAt(row.subnet, held.offset)} is held by ${holderText(held.name)} and can't be reserved.`, { field: "first" });
    const wanted = to - from + 1 - own.filter((offset) => offset >= from && offset <= to).length;
    const first = taken[0];
    if (first !== undefined) {
      if (taken.length === wanted && taken.every(({ note }) => note === input.note)) return networkView(tx, row);
      throw new SlipwayError("exists", `${addressAt(row.subnet, first.offset)} is reserved already. Release it first to reserve it with another note.`, { field: "first" });
    }
    await tx.$executeRaw(Prisma.sql`
      INSERT INTO network_address (network_id, "offset", note)
      SELECT ${row.id}::uuid, "offset", ${input.note}::text FROM generate_series(${from}::int, ${to}::int) AS r("offset") WHERE "offset" <> ALL(${own}::int[])`);
    await appendAudit(tx, ctx, { action: "network.reserve", object: { kind: "network", name }, outcome: "done", details: { first: input.first, last: input.last } });
    const view = await networkView(tx, row);
    await appendEvents(tx, [{ payload: { type: "network.changed", name }, ownerId: null }]);
    return view;
  });
}
