import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Installs that the expectation is made from. */
const LAST = 20;

/** Median of what the last installs with a version of a definition took, in seconds; null where there were none. */
export async function expectedSeconds(db: Queryable, definitionVersionId: string | null): Promise<number | null> {
  if (definitionVersionId === null) return null;
  const rows = await db.$queryRaw<{ seconds: number | null }[]>(Prisma.sql`
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::float8 AS seconds FROM (
      SELECT extract(epoch FROM ended_at - started_at) AS seconds FROM install
      WHERE definition_version_id = ${definitionVersionId}::uuid AND ended_at IS NOT NULL AND started_at IS NOT NULL AND state = 'done'
      ORDER BY ended_at DESC LIMIT ${LAST}) AS last`);
  return rows[0]?.seconds ?? null;
}
