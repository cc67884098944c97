import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { networkView } from "./network-view.ts";
import { takeOwnAddresses } from "./own-addresses.ts";
import { holdSubnets, refuseOverlap, requireValid } from "./require-valid.ts";
import type { CreateNetworkInput } from "./schemas.ts";

/**
 * Makes a network for NICs, or one more for the communication mechanism. Its first and last address and its gateway are taken from
 * the start.
 *
 * @throws SlipwayError with the field: `invalid`, `exists`, `conflict`
 */
export async function createNetwork(ctx: RequestContext, input: CreateNetworkInput): Promise<NetworkView> {
  await requireAccess(ctx, "network.modify", { kind: "network", name: input.name, ownerId: null });
  const network = { ...input, mode: input.mode ?? (input.purpose === "communication" ? ("routed" as const) : ("bridged" as const)) };
  requireValid(network);
  try {
    return await ctx.services.db.$transaction(async (tx) => {
      await holdSubnets(tx);
      // Who makes the same network twice is told so, not that it overlaps itself.
      if ((await tx.network.count({ where: { name: network.name } })) > 0) throw nameTaken(network.name);
      await refuseOverlap(tx, network, null);
      const row = await tx.network.create({ data: network });
      await takeOwnAddresses(tx, row);
      const { purpose, subnet, gateway, subnet6, gateway6, dns, mode, link } = network;
      await appendAudit(tx, ctx, { action: "network.create", object: { kind: "network", name: row.name }, outcome: "done", details: { purpose, subnet, gateway, subnet6, gateway6, dns, mode, link } });
      const view = await networkView(tx, row);
      await appendEvents(tx, [{ payload: { type: "network.changed", name: row.name }, ownerId: null }]);
      return view;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw nameTaken(input.name);
  }
}

function nameTaken(name: string): SlipwayError {
  return new SlipwayError("exists", `There is a network ${name} already.`, { field: "name" });
}
