import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Network, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addressAt, offsetIn, parseSubnet4 } from "#lib/domain/ip-subnets.ts";
import type { NetworkView } from "#lib/domain/network.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { HOLDER_JOINS, HOLDER_NAME, holderText } from "./holder-name.ts";
import { networkMode, networkView } from "./network-view.ts";
import { takeOwnAddresses } from "./own-addresses.ts";
import { holdNetwork, readNetwork } from "./read-network.ts";
import { holdSubnets, refuseOverlap, requireValid } from "./require-valid.ts";
import type { ModifyNetworkInput } from "./schemas.ts";

/**
 * Changes the fields that are given, and no others. NICs keep how they are connected until they are modified themselves; gateway, DNS
 * and the like reach a guest with its next start.
 *
 * @throws SlipwayError with the field: `unknown_object`, `invalid`, `conflict`
 */
export async function modifyNetwork(ctx: RequestContext, name: string, input: ModifyNetworkInput): Promise<NetworkView> {
  const found = await readNetwork(ctx, "network.modify", name);
  const given = withoutUndefined(input);
  return ctx.services.db.$transaction(async (tx) => {
    const moves = MOVING.some((field) => input[field] !== undefined);
    if (moves) await holdSubnets(tx);
    const row = await holdNetwork(tx, found);
    const changed = { ...row, ...given };
    // Before it is given to PostgreSQL, which takes no subnet with bits behind its prefix.
    requireSound(changed);
    if (moves) await refuseOverlap(tx, { ...changed, mode: networkMode(changed) }, row.id);
    if (changed.subnet !== row.subnet) await moveSubnet(tx, row);
    else if (changed.gateway !== row.gateway) await moveGateway(tx, row, changed.gateway);
    const after = await tx.network.update({ where: { id: row.id }, data: { ...given, ...(changed.subnet === row.subnet ? {} : { lastOffset: 0 }), serialNo: { increment: 1 } } });
    await takeOwnAddresses(tx, after);
    await appendAudit(tx, ctx, { action: "network.modify", object: { kind: "network", name }, outcome: "done", details: given });
    const view = await networkView(tx, after);
    await appendEvents(tx, [{ payload: { type: "network.changed", name }, ownerId: null }]);
    return view;
  });
}

/** Fields that decide which other networks it may share addresses with. */
const MOVING = ["subnet", "subnet6", "mode", "link"] as const;

type Given = { readonly [K in keyof ModifyNetworkInput]?: Exclude<ModifyNetworkInput[K], undefined> };

function withoutUndefined(input: ModifyNetworkInput): Given {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function requireSound(network: Network): void {
  requireValid({ ...network, mode: networkMode(network) });
}

/** Other addresses altogether: only while nobody has one, reserved ones included. What the subnet itself takes is made anew. */
async function moveSubnet(tx: Transaction, row: Network): Promise<void> {
  const own = [...ownAddresses(row).keys()];
  await tx.networkAddress.deleteMany({ where: { networkId: row.id, offset: { in: own }, nicId: null, instanceId: null, installId: null } });
  const held = await tx.networkAddress.findFirst({ where: { networkId: row.id }, orderBy: { offset: "asc" }, select: { offset: true } });
  if (held !== null) throw new SlipwayError("conflict", `subnet can't be changed while addresses are held or reserved; ${addressAt(row.subnet, held.offset)} is.`, { field: "subnet" });
}

/** The old gateway's address is free again, the new one's must be. */
async function moveGateway(tx: Transaction, row: Network, gateway: string | null): Promise<void> {
  const subnet = parseSubnet4(row.subnet);
  const to = subnet === null || gateway === null ? null : offsetIn(subnet, gateway);
  if (to !== null) {
    const [held] = await tx.$queryRaw<{ name: string | null }[]>(Prisma.sql`
      SELECT ${HOLDER_NAME} AS name FROM network_address a ${HOLDER_JOINS}
      WHERE a.network_id = ${row.id}::uuid AND a."offset" = ${to} AND num_nonnulls(a.nic_id, a.instance_id, a.install_id) > 0`);
    if (held !== undefined) throw new SlipwayError("conflict", `gateway is held by ${holderText(held.name)}.`, { field: "gateway" });
    await tx.networkAddress.updateMany({ where: { networkId: row.id, offset: to }, data: { note: "gateway" } });
  }
  const from = subnet === null || row.gateway === null ? null : offsetIn(subnet, row.gateway);
  const stays = ownAddresses({ subnet: row.subnet, gateway: null });
  if (from !== null && !stays.has(from)) await tx.networkAddress.deleteMany({ where: { networkId: row.id, offset: from, nicId: null, instanceId: null, installId: null } });
}
