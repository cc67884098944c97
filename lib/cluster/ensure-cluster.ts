import type { Database } from "#lib/db/client.ts";

/** Makes the cluster's one row with its defaults, at the first start. Any number of processes may do so at once. */
export async function ensureCluster(db: Database, name = "slipway"): Promise<void> {
  await db.cluster.createMany({ data: [{ id: 1, name }], skipDuplicates: true });
}
