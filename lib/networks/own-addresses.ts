import type { Network, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";

/** Writes the addresses that are nobody's: a subnet's first and last, its gateway, and where guests find their host. */
export async function takeOwnAddresses(tx: Transaction, network: Pick<Network, "id" | "subnet" | "gateway">): Promise<void> {
  const own = [...ownAddresses(network)];
  await tx.$executeRaw(Prisma.sql`
    INSERT INTO network_address (network_id, "offset", note)
    SELECT ${network.id}::uuid, r."offset", r.note FROM unnest(${own.map(([offset]) => offset)}::int[], ${own.map(([, note]) => note)}::text[]) AS r("offset", note)
    ON CONFLICT DO NOTHING`);
}
