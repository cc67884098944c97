import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/**
 * MiB of disk that the installs under way on a node still need: their disks are sparse files, so that what the node says to be free
 * doesn't know of them yet (design: install, "Where there is no room for both, the request is refused"). One that verifies or starts
 * what it has written needs no more.
 *
 * @param node a column or value of the query that this becomes a part of.
 */
export function reservedOn(node: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(
    SELECT coalesce(sum(CASE
      WHEN i.plan->>'operation' IN ('create', 'import', 'export') THEN (SELECT coalesce(sum(d.size_mib), 0) FROM instance_disk d WHERE d.instance_id = i.instance_id)
      ELSE (CASE WHEN coalesce((i.plan->>'inPlace')::boolean, false) THEN 0 ELSE coalesce((i.plan->'replacesDisk'->>'sizeMib')::bigint, 0) END)
        + (SELECT coalesce(sum((d->>'sizeMib')::bigint), 0) FROM jsonb_array_elements(coalesce(i.plan->'replacesDataDisks', '[]'::jsonb)) d)
      END), 0)::bigint
    FROM install i WHERE i.node_id = ${node} AND i.state IN ('accepted', 'queued', 'preparing', 'imaging', 'installing', 'personalizing'))`;
}

export async function reservedDiskMib(db: Queryable, nodeId: string): Promise<number> {
  const [row] = await db.$queryRaw<{ mib: bigint }[]>(Prisma.sql`SELECT ${reservedOn(Prisma.sql`${nodeId}::uuid`)} AS mib`);
  return Number(row?.mib ?? 0n);
}
