/** NICs of a request: what is checked before anything is touched, and what is written in the job's transaction. */
import type { NodeRow, Queryable, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { NicNetwork, PlannedNic, WantedNic } from "#lib/domain/nic-rules.ts";
import { nodeNicsProblem, planNics } from "#lib/domain/nic-rules.ts";
import { allocateAddress, holdPools } from "#lib/networks/allocate-address.ts";
import { networkMode } from "#lib/networks/network-view.ts";
import { factsOf } from "./choose-node.ts";

/** What NICs are to be, their networks found by name. @throws SlipwayError `unknown_object`, `invalid`, naming the NIC's field */
export async function requireNics(db: Queryable, wanted: readonly WantedNic[]): Promise<readonly PlannedNic[]> {
  const names = [...new Set(wanted.flatMap(({ network }) => (network === undefined ? [] : [network])))];
  const rows = names.length === 0 ? [] : await db.network.findMany({ where: { name: { in: names } } });
  const networks = new Map(rows.map((row): [string, NicNetwork] => [row.name, { id: row.id, name: row.name, purpose: row.purpose, mode: networkMode(row), link: row.link }]));
  for (const [index, { network }] of wanted.entries()) {
    if (network !== undefined && !networks.has(network)) throw new SlipwayError("unknown_object", `There is no network ${network}.`, { field: `nics[${index}].network` });
  }
  const planned = planNics(wanted, networks);
  if (planned.ok) return planned.nics;
  const { field, problem } = planned.problem;
  throw new SlipwayError("invalid", `${field} ${problem}.`, { field });
}

/** @throws SlipwayError `unsupported`, naming the NIC's field, where the node can't connect one */
export function requireNodeNics(nics: readonly Pick<PlannedNic, "mode" | "link">[], node: NodeRow): void {
  const wrong = nodeNicsProblem(nics, node.name, factsOf(node));
  if (wrong !== null) throw new SlipwayError("unsupported", `${wrong.field} ${wrong.problem}.`, { field: wrong.field });
}

export interface PlacedNic {
  readonly id: string;
  readonly index: number;
  readonly plan: PlannedNic;
}

/** Columns of a NIC. Its address, where it is from a network, comes with `takeNicAddresses`. */
export function nicColumns({ mode, link, name, network, ip, forwards }: PlannedNic) {
  return { mode, link, name, networkId: network?.id ?? null, ip: network === null ? ip : null, forwards: [...forwards] };
}

/**
 * Gives NICs that are in the table the addresses that they asked their networks for.
 *
 * @throws SlipwayError `no_room`, `conflict`, `invalid`, naming the NIC's field
 */
export async function takeNicAddresses(tx: Transaction, nics: readonly PlacedNic[]): Promise<void> {
  const wanting = nics.flatMap(({ id, index, plan: { network, ip } }) => (network === null ? [] : [{ id, index, network, ip }]));
  const pools = await holdPools(tx, wanting.map(({ network }) => network.id));
  const given: { readonly id: string; readonly ip: string }[] = [];
  // Those that name an address come first, so that no other gets it.
  for (const { id, index, network, ip } of wanting.toSorted((a, b) => Number(a.ip === null) - Number(b.ip === null))) {
    const pool = pools.get(network.id);
    if (pool === undefined) throw new SlipwayError("unknown_object", `There is no network ${network.name}.`, { field: `nics[${index}].network` });
    given.push({ id, ip: await allocateAddress(tx, pool, { nicId: id }, { ip, field: `nics[${index}].${ip === null ? "network" : "ip"}` }) });
  }
  if (given.length === 0) return;
  await tx.$executeRaw(Prisma.sql`
    UPDATE instance_nic n SET ip = r.ip FROM unnest(${given.map(({ id }) => id)}::uuid[], ${given.map(({ ip }) => ip)}::text[]) AS r(id, ip) WHERE n.id = r.id`);
}
