import type { Queryable } from "#lib/db/client.ts";

/**
 * What an instance has on its node: a system that an install has finished, and disks at all. A creation that failed left none; a
 * reinstall in place that failed left the disk that it spoilt.
 */
export async function diskFacts(db: Queryable, row: { readonly id: string; readonly installState: string | null }): Promise<{ readonly hasPreviousDisk: boolean; readonly hasDisks: boolean }> {
  if (row.installState === "done") return { hasPreviousDisk: true, hasDisks: true };
  return { hasPreviousDisk: false, hasDisks: (await db.install.count({ where: { instanceId: row.id, overwritten: true } })) > 0 };
}
