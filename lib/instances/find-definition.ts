import type { Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { osManifestSchema, parseOsType } from "#lib/domain/os-definition.ts";
import type { PlannedDefinition } from "#lib/domain/plan-install.ts";

export interface FoundDefinition {
  readonly definitionId: string;
  readonly versionId: string;
  readonly variant: string | null;
  readonly planned: PlannedDefinition;
}

/** The newest version of a definition by `name` or `name+variant`. @throws SlipwayError `unknown_object` */
export async function findDefinition(db: Queryable, osType: string): Promise<FoundDefinition> {
  const { name, variant } = parseOsType(osType);
  const definition = await db.osDefinition.findUnique({
    where: { name },
    include: { currentVersion: { select: { id: true, version: true, digest: true, apiVersions: true, variants: true, manifest: true } } },
  });
  const version = definition?.currentVersion ?? null;
  if (definition === null || version === null) throw new SlipwayError("unknown_object", `There is no OS definition ${name}.`, { field: "osType" });
  const { trustedDigest, trustedBy, trustedAt } = definition;
  return {
    definitionId: definition.id,
    versionId: version.id,
    variant,
    planned: {
      name,
      version: version.version,
      digest: version.digest,
      apiVersions: version.apiVersions,
      variants: version.variants,
      manifest: osManifestSchema.parse(version.manifest),
      // Trust is given to one content, not to a name.
      trusted: trustedDigest === version.digest && trustedBy !== null && trustedAt !== null ? { by: trustedBy, at: trustedAt.toISOString() } : null,
      blacklisted: definition.blacklisted,
    },
  };
}
