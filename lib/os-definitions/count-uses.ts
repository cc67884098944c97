import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";

/** How many instances have each of these definitions, of those instances that the caller sees. One query for all. */
export async function countUses(ctx: RequestContext, definitionIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const owner = await requireReach(ctx, "instance.list", "instance");
  const counted = await ctx.services.db.instance.groupBy({ by: ["definitionId"], where: { ...owner, definitionId: { in: [...definitionIds] } }, _count: { _all: true } });
  return new Map(counted.flatMap(({ definitionId, _count }) => (definitionId === null ? [] : [[definitionId, _count._all]])));
}
