import type { Database } from "#lib/db/client.ts";

/** Nodes that are claimed by one statement. */
export const CLAIM_BATCH = 50;

/**
 * Makes a controller the follower of nodes that have none. Of several that try at once each gets different ones.
 * Returns their ids; fewer than CLAIM_BATCH: no more are free.
 */
export async function claimNodes(db: Database, controllerId: string): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    UPDATE node SET follower_id = ${controllerId}::uuid, updated_at = now()
    WHERE id IN (
      SELECT id FROM node
      WHERE follower_id IS NULL AND address IS NOT NULL AND certificate IS NOT NULL AND NOT offline
      ORDER BY id LIMIT ${CLAIM_BATCH}::int FOR UPDATE SKIP LOCKED)
    RETURNING id::text AS id`;
  return rows.map(({ id }) => id);
}

/** The nodes that a controller follows, with what a connection to each is made from. Nodes that were put offline aren't among them. */
export async function followedNodes(db: Database, controllerId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db.node.findMany({
    where: { followerId: controllerId, offline: false, address: { not: null }, certificate: { not: null } },
    select: { id: true, address: true, certificate: true },
  });
  return new Map(rows.map(({ id, address, certificate }) => [id, JSON.stringify([address, certificate])]));
}
