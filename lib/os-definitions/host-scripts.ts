import type { Queryable } from "#lib/db/client.ts";

/** Whether the cluster allows scripts on hosts at all. */
export async function allowsHostScripts(db: Queryable): Promise<boolean> {
  const { hostScripts } = await db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { hostScripts: true } });
  return hostScripts;
}
