import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { NetworkFields } from "#lib/domain/network-rules.ts";
import { networkProblem } from "#lib/domain/network-rules.ts";

/** @throws SlipwayError `invalid` that names the field */
export function requireValid(network: NetworkFields): void {
  const wrong = networkProblem(network);
  if (wrong !== null) throw new SlipwayError("invalid", `${wrong.field} ${wrong.problem}.`, { field: wrong.field });
}

/**
 * Refuses a subnet that shares addresses with one of the communication mechanism, or is one and shares them with any other: a node's
 * routes couldn't tell them apart. Two networks of instances may, where their links have nothing in common. Takes turns with whoever
 * else changes subnets.
 *
 * @param id the network itself; null: it is new.
 * @throws SlipwayError `conflict`
 */
export async function refuseOverlap(tx: Transaction, { purpose, subnet }: Pick<NetworkFields, "purpose" | "subnet">, id: string | null): Promise<void> {
  await tx.$executeRaw(Prisma.sql`SELECT 1 FROM cluster WHERE id = 1 FOR UPDATE`);
  const others = await tx.$queryRaw<{ name: string }[]>(Prisma.sql`
    SELECT name FROM network WHERE subnet::cidr::inet && ${subnet}::text::cidr::inet AND id IS DISTINCT FROM ${id}::uuid
      ${purpose === "communication" ? Prisma.empty : Prisma.sql`AND purpose = 'communication'`}
    ORDER BY name LIMIT 1`);
  const other = others[0];
  if (other !== undefined) throw new SlipwayError("conflict", `subnet has addresses of network ${other.name} in it.`, { field: "subnet" });
}
