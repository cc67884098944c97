import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";

const BRIEF = { id: true, name: true, ownerId: true, nodeId: true, node: { select: { name: true, state: true, stateReason: true, offline: true } } } as const;

/** As much of an instance as says whose it is and where it runs, for somebody who may carry out an operation on it. @throws SlipwayError `unknown_object`, `not_allowed` */
export async function findInstance(ctx: RequestContext, operation: Operation, name: string) {
  const row = await ctx.services.db.instance.findUnique({ where: { name }, select: BRIEF });
  if (row === null) throw unknownObject("instance", name.slice(0, 253));
  await requireAccess(ctx, operation, { kind: "instance", name, ownerId: row.ownerId });
  return row;
}
