import type { Queryable } from "#lib/db/client.ts";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";

/** What a definition's current version says of parameters. One without a version declares nothing. */
export async function readDeclarations(db: Queryable, definitionId: string): Promise<{ readonly variants: readonly string[]; readonly declarations: readonly ParameterDeclaration[] }> {
  const row = await db.osDefinition.findUnique({ where: { id: definitionId }, select: { currentVersion: { select: { variants: true, manifest: true } } } });
  const version = row?.currentVersion ?? null;
  return version === null ? { variants: [], declarations: [] } : { variants: version.variants, declarations: osManifestSchema.parse(version.manifest).parameters };
}
