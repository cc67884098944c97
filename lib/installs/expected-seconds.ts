import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Installs that the expectation is made from. */
const LAST = 20;

/** Median of what the last installs with each version of a definition took, in seconds. A version with none isn't in it. */
export async function expectedSeconds(db: Queryable, definitionVersionIds: readonly (string | null)[]): Promise<ReadonlyMap<string, number>> {
  const ids = [...new Set(definitionVersionIds)].filter((id) => id !== null);
  if (ids.length === 0) return new Map();
  const rows = await db.$queryRaw<{ id: string; seconds: number | null }[]>(Prisma.sql`
    SELECT version.id::text AS id, (
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::float8 FROM (
        SELECT extract(epoch FROM ended_at - started_at) AS seconds FROM install
        WHERE definition_version_id = version.id AND ended_at IS NOT NULL AND started_at IS NOT NULL AND state = 'done'
        ORDER BY ended_at DESC LIMIT ${LAST}) AS last) AS seconds
    FROM unnest(${ids}::uuid[]) AS version (id)`);
  return new Map(rows.flatMap(({ id, seconds }) => (seconds === null ? [] : [[id, seconds] as const])));
}
