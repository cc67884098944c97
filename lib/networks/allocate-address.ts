/**
 * Addresses of pools, handed out without a race (design: metadata, "guest address": unique in the cluster; when they are used up, that
 * is said before anything is touched).
 *
 * A network's row is held from here to the end of the transaction, so that no two look for a free address at once. In a transaction
 * the order is: job, instance, networks of NICs by id, those of the communication mechanism by age, the feed.
 */
import type { Network, Queryable, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addressAt, offsetIn, parseSubnet4 } from "#lib/domain/ip-subnets.ts";
import { HOLDER_JOINS, HOLDER_NAME, holderText } from "./holder-name.ts";

/** Who an address is for: one of the three. */
export type AddressFor = { readonly nicId: string } | { readonly instanceId: string } | { readonly installId: string };

export interface HeldPool {
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
}

/**
 * Takes hold of networks, in one order whoever asks. One that is gone is missing from the answer. Not of their keys: the row of a NIC that
 * names one may be there already, in this transaction and in another that comes next.
 */
export async function holdPools(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, HeldPool>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.$queryRaw<HeldPool[]>(Prisma.sql`
    SELECT id::text, name, subnet FROM network WHERE id = ANY(${[...new Set(ids)]}::uuid[]) ORDER BY id FOR NO KEY UPDATE`);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Gives out an address of a network that is held.
 *
 * @param wanted that very one; null: the first free one behind the last that was given out, and from the start again.
 * @param field of the request, for a refusal.
 * @throws SlipwayError `no_room` where there is none left, `invalid` and `conflict` for one that was asked for
 */
export async function allocateAddress(tx: Transaction, pool: HeldPool, holder: AddressFor, wanted: { readonly ip: string | null; readonly field: string }): Promise<string> {
  const offset = wanted.ip === null ? await firstFree(tx, pool) : await requireFree(tx, pool, wanted.ip, wanted.field);
  if (offset === null) throw noRoom(pool.name, wanted.field);
  await take(tx, pool, offset, holder);
  if (wanted.ip === null) await tx.$executeRaw(Prisma.sql`UPDATE network SET last_offset = ${offset} WHERE id = ${pool.id}::uuid`);
  return addressAt(pool.subnet, offset);
}

/**
 * Gives an instance or an install an address of the communication mechanism, from whichever of its networks has one. Who has one
 * already keeps it.
 *
 * @throws SlipwayError `no_room` with the networks' names
 */
export async function allocateChannelAddress(tx: Transaction, holder: Exclude<AddressFor, { readonly nicId: string }>): Promise<void> {
  const held = await tx.networkAddress.findFirst({ where: holder, select: { offset: true } });
  if (held !== null) return;
  const names: string[] = [];
  const networks: Pick<Network, "id">[] = await tx.network.findMany({ where: { purpose: "communication" }, select: { id: true }, orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  for (const { id } of networks) {
    const pool = (await holdPools(tx, [id])).get(id);
    if (pool === undefined) continue;
    names.push(pool.name);
    const offset = await firstFree(tx, pool);
    if (offset === null) continue;
    await take(tx, pool, offset, holder);
    await tx.$executeRaw(Prisma.sql`UPDATE network SET last_offset = ${offset} WHERE id = ${id}::uuid`);
    return;
  }
  throw noRoom(names.join(", "), "communication");
}

/** The refusal where the communication mechanism's networks have fewer addresses left than wanted; null: they have them. For a preview: nothing is held. */
export async function channelShortage(db: Queryable, wanted: number): Promise<SlipwayError | null> {
  if (wanted === 0) return null;
  const rows = await db.$queryRaw<{ name: string; subnet: string; taken: number }[]>(Prisma.sql`
    SELECT n.name, n.subnet, (SELECT count(*)::int FROM network_address a WHERE a.network_id = n.id) AS taken
    FROM network n WHERE n.purpose = 'communication' ORDER BY n.created_at, n.id`);
  const free = rows.reduce((sum, { subnet, taken }) => sum + (parseSubnet4(subnet)?.size ?? 0) - taken, 0);
  return free >= wanted ? null : noRoom(rows.map(({ name }) => name).join(", "), "communication");
}

function noRoom(names: string, field: string): SlipwayError {
  return new SlipwayError("no_room", `There is no free address left in network ${names}.`, { field });
}

/**
 * The first offset behind the last one given out that nobody has; null: all are taken. Reads the index from there, in order, up to the
 * first gap. The subnet's own first and last address are rows like any other, so every run of taken ones ends at one that is there.
 */
async function firstFree(tx: Transaction, { id, subnet }: HeldPool): Promise<number | null> {
  const size = parseSubnet4(subnet)?.size ?? 0;
  const [state] = await tx.$queryRaw<{ start: number; isTaken: boolean }[]>(Prisma.sql`
    SELECT last_offset + 1 AS start, EXISTS (SELECT FROM network_address a WHERE a.network_id = n.id AND a."offset" = n.last_offset + 1) AS "isTaken"
    FROM network n WHERE n.id = ${id}::uuid`);
  if (state === undefined) return null;
  if (!state.isTaken && state.start < size) return state.start;
  const behind = await gapFrom(tx, id, state.start);
  if (behind !== null && behind < size) return behind;
  const around = await gapFrom(tx, id, 0);
  return around !== null && around < size ? around : null;
}

/** The end of the run of taken addresses that begins with this one or the next that is taken. */
async function gapFrom(tx: Transaction, networkId: string, from: number): Promise<number | null> {
  const rows = await tx.$queryRaw<{ free: number }[]>(Prisma.sql`
    SELECT "offset" + 1 AS free
    FROM (SELECT "offset", lead("offset") OVER (ORDER BY "offset") AS next FROM network_address WHERE network_id = ${networkId}::uuid AND "offset" >= ${from}) AS run
    WHERE next IS DISTINCT FROM "offset" + 1 ORDER BY "offset" LIMIT 1`);
  return rows[0]?.free ?? null;
}

async function requireFree(tx: Transaction, pool: HeldPool, ip: string, field: string): Promise<number> {
  const subnet = parseSubnet4(pool.subnet);
  const offset = subnet === null ? null : offsetIn(subnet, ip);
  if (offset === null) throw new SlipwayError("invalid", `${field} must be an address of network ${pool.name}.`, { field });
  const [taken] = await tx.$queryRaw<{ isHeld: boolean; name: string | null }[]>(Prisma.sql`
    SELECT num_nonnulls(a.nic_id, a.instance_id, a.install_id) > 0 AS "isHeld", ${HOLDER_NAME} AS name
    FROM network_address a ${HOLDER_JOINS} WHERE a.network_id = ${pool.id}::uuid AND a."offset" = ${offset}`);
  if (taken === undefined) return offset;
  throw new SlipwayError("conflict", `${field} is an address of network ${pool.name} that is ${taken.isHeld ? `held by ${holderText(taken.name)}` : "reserved"}.`, { field });
}

async function take(tx: Transaction, pool: HeldPool, offset: number, holder: AddressFor): Promise<void> {
  await tx.networkAddress.create({ data: { networkId: pool.id, offset, ...holder }, select: { offset: true } });
}
