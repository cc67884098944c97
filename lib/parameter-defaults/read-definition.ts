import { refuseMissing, requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Queryable } from "#lib/db/client.ts";
import { definitionAudience } from "#lib/domain/access.ts";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";

/** A definition's id, for somebody who may read or modify it. @throws SlipwayError `unknown_object`, `not_allowed` */
export async function readDefinition(ctx: RequestContext, operation: "os.read" | "os.modify", name: string): Promise<{ readonly id: string; readonly ownerId: string | null }> {
  const row = await ctx.services.db.osDefinition.findUnique({ where: { name }, select: { id: true, ownerId: true, shares: { select: { userId: true } } } });
  if (row === null) return refuseMissing(ctx, operation, "os", name.slice(0, 64));
  await requireAccess(ctx, operation, { kind: "os", name, ownerId: row.ownerId, audience: definitionAudience(row.ownerId, row.shares.map(({ userId }) => userId)) });
  return { id: row.id, ownerId: row.ownerId };
}

/** What its current version says of parameters. A definition without a version declares nothing. */
export async function readDeclarations(db: Queryable, definitionId: string): Promise<{ readonly variants: readonly string[]; readonly declarations: readonly ParameterDeclaration[] }> {
  const row = await db.osDefinition.findUnique({ where: { id: definitionId }, select: { currentVersion: { select: { variants: true, manifest: true } } } });
  const version = row?.currentVersion ?? null;
  return version === null ? { variants: [], declarations: [] } : { variants: version.variants, declarations: osManifestSchema.parse(version.manifest).parameters };
}
