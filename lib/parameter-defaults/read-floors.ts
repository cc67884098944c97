import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { Visibility } from "#lib/domain/visibility.ts";

export interface DeclaredFloor {
  readonly name: string;
  readonly visibility: Exclude<Visibility, "public">;
  /** One of the definitions that declare it so. */
  readonly definition: string;
}

/**
 * Which of these names the cluster's own definitions declare as private or secret. Users' definitions have no say: anybody could
 * otherwise keep a name from being given a default.
 */
export async function readFloors(db: Queryable, names: readonly string[]): Promise<readonly DeclaredFloor[]> {
  if (names.length === 0) return [];
  return db.$queryRaw<DeclaredFloor[]>(Prisma.sql`
    SELECT DISTINCT ON (p->>'name') p->>'name' AS name, p->>'visibility' AS visibility, d.name AS definition
    FROM os_definition d
    JOIN os_definition_version v ON v.id = d.current_version_id
    CROSS JOIN LATERAL jsonb_array_elements(v.manifest->'parameters') AS p
    WHERE d.owner_id IS NULL AND p->>'name' = ANY (${[...names]}) AND p->>'visibility' <> 'public'
    ORDER BY p->>'name', p->>'visibility' DESC, d.name`);
}
