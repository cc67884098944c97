import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/** Jobs that import an export and haven't ended, with the node of each new instance. */
export async function importsUnderWay(db: Queryable, exportId: string): Promise<readonly { readonly id: number; readonly nodeId: string }[]> {
  return db.$queryRaw<{ id: number; nodeId: string }[]>(Prisma.sql`
    SELECT j.id, i.node_id::text AS "nodeId" FROM job j JOIN install i ON i.job_id = j.id
    WHERE j.status IN ('queued', 'running', 'canceling') AND j.request->>'kind' = 'instance.import' AND j.request->>'exportId' = ${exportId}
    ORDER BY j.id`);
}
