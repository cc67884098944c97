import { requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Prisma } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";
import { SUMMARY } from "./instance-row.ts";

const DETAIL = { ...SUMMARY, nics: { orderBy: { index: "asc" }, include: { network: { select: { name: true } } } }, address: { select: { offset: true, network: { select: { subnet: true } } } }, parameters: { orderBy: { name: "asc" } }, previous: true } as const satisfies Prisma.InstanceInclude;
export type DetailRow = Prisma.InstanceGetPayload<{ include: typeof DETAIL }>;

/** An instance with all that belongs to it, for somebody who may carry out an operation on it. @throws SlipwayError `unknown_object`, `not_allowed` */
export async function readInstance(ctx: RequestContext, operation: Operation, name: string): Promise<DetailRow> {
  const row = await ctx.services.db.instance.findUnique({ where: { name }, include: DETAIL });
  if (row === null) throw unknownObject("instance", name.slice(0, 253));
  await requireAccess(ctx, operation, { kind: "instance", name, ownerId: row.ownerId });
  return row;
}
