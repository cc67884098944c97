/** NICs to hold addresses, for tests of networks. */
import { randomUUID } from "node:crypto";
import type { Database } from "#lib/db/client.ts";
import { allocateAddress, holdPools } from "./allocate-address.ts";

let made = 0;

/** NICs of instances that nothing is known of. Returns their ids. */
export async function insertNics(db: Database, count: number): Promise<string[]> {
  const node = await db.node.upsert({ where: { name: "holder" }, create: { name: "holder" }, update: {} });
  const ids = Array.from({ length: count }, () => randomUUID());
  for (const id of ids) {
    made += 1;
    const mac = `52:54:01:${[16, 8, 0].map((shift) => ((made >> shift) & 255).toString(16).padStart(2, "0")).join(":")}`;
    await db.instance.create({ data: { name: `holder-${made}`, nodeId: node.id, memoryMib: 64, nics: { create: { id, index: 0, mac } } }, select: { id: true } });
  }
  return ids;
}

/** Takes an address in a transaction of its own. */
export async function holdAddress(db: Database, network: string, holder: { readonly nicId: string }, ip: string | null): Promise<string> {
  const { id } = await db.network.findUniqueOrThrow({ where: { name: network }, select: { id: true } });
  return db.$transaction(async (tx) => {
    const pool = (await holdPools(tx, [id])).get(id);
    if (pool === undefined) throw new Error("the network is gone");
    return allocateAddress(tx, pool, holder, { ip, field: "ip" });
  });
}
