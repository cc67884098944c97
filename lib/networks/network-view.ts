import type { Network, Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { parseSubnet4 } from "#lib/domain/ip-subnets.ts";
import type { NetworkView } from "#lib/domain/network.ts";

/** What is told of networks, with how many of their addresses are taken: one statement for all of them. */
export async function networkViews(db: Queryable, rows: readonly Network[]): Promise<NetworkView[]> {
  if (rows.length === 0) return [];
  const counts = await db.$queryRaw<{ id: string; taken: number; reserved: number }[]>(Prisma.sql`
    SELECT network_id::text AS id, count(*)::int AS taken, count(*) FILTER (WHERE num_nonnulls(nic_id, instance_id, install_id) = 0)::int AS reserved
    FROM network_address WHERE network_id = ANY(${rows.map(({ id }) => id)}::uuid[]) GROUP BY network_id`);
  const found = new Map(counts.map((count) => [count.id, count]));
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    purpose: row.purpose,
    subnet: row.subnet,
    gateway: row.gateway,
    subnet6: row.subnet6,
    gateway6: row.gateway6,
    dns: row.dns,
    mode: networkMode(row),
    link: row.link,
    size: parseSubnet4(row.subnet)?.size ?? 0,
    taken: found.get(row.id)?.taken ?? 0,
    reserved: found.get(row.id)?.reserved ?? 0,
    serialNo: row.serialNo,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }));
}

/** A constraint of the table knows these two alone. */
export function networkMode({ mode }: Pick<Network, "mode">): "bridged" | "routed" {
  return mode === "routed" ? "routed" : "bridged";
}

export async function networkView(db: Queryable, row: Network): Promise<NetworkView> {
  const [view] = await networkViews(db, [row]);
  if (view === undefined) throw new Error("a network's view is missing");
  return view;
}
