import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";

export interface InstanceCounts {
  readonly total: number;
  readonly running: number;
  readonly installing: number;
  readonly failed: number;
}

/** How many instances there are, in one pass over them; for owners, of their own. */
export async function countInstances(ctx: RequestContext): Promise<InstanceCounts> {
  const { ownerId } = await requireReach(ctx, "instance.list", "instance");
  const active = Prisma.sql`install_state = ANY(${[...ACTIVE_STATES]}::"InstallState"[])`;
  const rows = await ctx.services.db.$queryRaw<InstanceCounts[]>(Prisma.sql`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE oper_state = 'running' AND install_state = 'done')::int AS running,
      count(*) FILTER (WHERE ${active})::int AS installing,
      count(*) FILTER (WHERE install_state IN ('failed', 'cancelled', 'timed_out'))::int AS failed
    FROM instance ${ownerId === undefined ? Prisma.empty : Prisma.sql`WHERE owner_id = ${ownerId}::uuid`}`);
  return rows[0] ?? { total: 0, running: 0, installing: 0, failed: 0 };
}
