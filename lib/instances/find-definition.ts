import type { RequestContext } from "#lib/context/context.ts";
import { decide } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import { osManifestSchema, parseOsType } from "#lib/domain/os-definition.ts";
import type { PlannedDefinition } from "#lib/domain/plan-install.ts";
import { audienceOf } from "#lib/os-definitions/require-definition.ts";

export interface FoundDefinition {
  readonly definitionId: string;
  readonly versionId: string;
  readonly variant: string | null;
  readonly planned: PlannedDefinition;
}

/**
 * The newest version of a definition by `name` or `name+variant`, for an install that the caller asks for. One that they don't see
 * isn't there, but for the one that the instance has: that somebody no longer shares it takes nobody's reinstall away. A hidden
 * one is only not listed.
 *
 * @param options.alreadyUsedBy id of the definition that the instance has.
 * @throws SlipwayError `unknown_object`
 */
export async function findDefinition(ctx: RequestContext, osType: string, options: { readonly alreadyUsedBy?: string | null } = {}): Promise<FoundDefinition> {
  const { name, variant } = parseOsType(osType);
  const definition = DEFINITION_NAME.test(name)
    ? await ctx.services.db.osDefinition.findUnique({
        where: { name },
        include: { shares: { select: { userId: true } }, currentVersion: { select: { id: true, version: true, digest: true, apiVersions: true, variants: true, manifest: true } } },
      })
    : null;
  const version = definition?.currentVersion ?? null;
  const isVisible = definition !== null && (definition.id === options.alreadyUsedBy || decide(ctx.identity, "os.read", definition.ownerId, audienceOf(definition)) === "allowed");
  if (!isVisible || version === null) throw new SlipwayError("unknown_object", `There is no OS definition ${name.slice(0, 64)}.`, { field: "osType" });
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
