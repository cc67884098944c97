import { refuseMissing, requireAccess, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Network, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";

/** Longer names aren't repeated. */
const NAME_LENGTH = 63;

/** A network by name, for somebody who may carry out an operation on it. @throws SlipwayError `unknown_object`, `not_allowed` */
export async function readNetwork(ctx: RequestContext, operation: Extract<Operation, "network.read" | "network.modify">, name: string): Promise<Network> {
  const row = await ctx.services.db.network.findUnique({ where: { name } });
  if (row === null) return refuseMissing(ctx, operation, "network", name.slice(0, NAME_LENGTH));
  await requireAccess(ctx, operation, { kind: "network", name, ownerId: null });
  return row;
}

/** A network's row, for the rest of the transaction: nobody takes an address of it meanwhile. @throws SlipwayError `unknown_object` */
export async function holdNetwork(tx: Transaction, { id, name }: Pick<Network, "id" | "name">): Promise<Network> {
  await tx.$executeRaw(Prisma.sql`SELECT 1 FROM network WHERE id = ${id}::uuid FOR UPDATE`);
  const row = await tx.network.findUnique({ where: { id } });
  if (row === null) throw unknownObject("network", name);
  return row;
}
