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

/** The main routing table, which a routed network without a link is in. */
const MAIN_TABLE = "254";

/** Takes turns with whoever else makes a network, or changes what it may share addresses with. Held before any network's row. */
export async function holdSubnets(tx: Transaction): Promise<void> {
  await tx.$executeRaw(Prisma.sql`SELECT 1 FROM cluster WHERE id = 1 FOR UPDATE`);
}

/**
 * Refuses a subnet that shares addresses with one of the communication mechanism, or is one and shares them with any other: a node's
 * routes couldn't tell them apart. Two networks of instances may, where they are connected differently: on one bridge, or in one routing
 * table, both would hand out the same address. For whoever holds the subnets.
 *
 * @param id the network itself; null: it is new.
 * @throws SlipwayError `conflict`, naming the field and the other network
 */
export async function refuseOverlap(tx: Transaction, network: Pick<NetworkFields, "purpose" | "subnet" | "subnet6" | "mode" | "link">, id: string | null): Promise<void> {
  const { purpose, subnet, subnet6, mode, link } = network;
  const others = await tx.$queryRaw<{ name: string; field: "subnet" | "subnet6"; isAlike: boolean }[]>(Prisma.sql`
    SELECT name, "isAlike", CASE WHEN "sharesIp4" THEN 'subnet' ELSE 'subnet6' END AS field
    FROM (
      SELECT name, purpose, subnet::cidr::inet && ${subnet}::text::cidr::inet AS "sharesIp4",
        coalesce(subnet6::cidr::inet && ${subnet6}::text::cidr::inet, false) AS "sharesIp6",
        purpose = 'instances' AND mode = ${mode}::text AND coalesce(link, ${MAIN_TABLE}) = ${link ?? MAIN_TABLE}::text AS "isAlike"
      FROM network WHERE id IS DISTINCT FROM ${id}::uuid) AS other
    WHERE "sharesIp4" AND (purpose = 'communication' OR ${purpose === "communication"}) OR ("sharesIp4" OR "sharesIp6") AND "isAlike"
    ORDER BY name LIMIT 1`);
  const other = others[0];
  if (other === undefined) return;
  const where = other.isAlike && purpose === "instances" ? `, which is ${mode === "bridged" ? `on bridge ${link ?? ""}` : "in the same routing table"} as well` : "";
  throw new SlipwayError("conflict", `${other.field} has addresses of network ${other.name} in it${where}.`, { field: other.field });
}
