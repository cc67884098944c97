import { refuseMissing, requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Prisma } from "#lib/db/client.ts";
import type { Operation } from "#lib/domain/access.ts";
import { definitionAudience } from "#lib/domain/access.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";

export const GATE = {
  id: true,
  name: true,
  ownerId: true,
  owner: { select: { name: true } },
  trustedDigest: true,
  trustedBy: true,
  trustUpdates: true,
  currentVersion: { select: { id: true, version: true, digest: true } },
  shares: { select: { userId: true } },
} as const satisfies Prisma.OsDefinitionSelect;

/** What every operation on a definition looks at first. */
export type DefinitionRow = Prisma.OsDefinitionGetPayload<{ select: typeof GATE }>;

/**
 * A definition by its name, for somebody who may carry out an operation on it. A name that can't be one is unknown, as is one
 * that the caller may not know of.
 *
 * @throws SlipwayError `unknown_object`, `not_allowed`
 */
export async function requireDefinition(ctx: RequestContext, operation: Operation, name: string): Promise<DefinitionRow> {
  const row = DEFINITION_NAME.test(name) ? await ctx.services.db.osDefinition.findUnique({ where: { name }, select: GATE }) : null;
  if (row === null) return refuseMissing(ctx, operation, "os", name.slice(0, 64));
  await requireAccess(ctx, operation, { kind: "os", name, ownerId: row.ownerId, audience: audienceOf(row) });
  return row;
}

/** Who is shown a definition beside its owner. */
export function audienceOf(row: Pick<DefinitionRow, "ownerId" | "shares">) {
  return definitionAudience(row.ownerId, row.shares.map(({ userId }) => userId));
}
