import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { OsVersionDetail } from "#lib/domain/os-definition-views.ts";
import { VERSION_DETAIL, versionDetail } from "./definition-view.ts";
import { clusterFacts } from "./host-scripts.ts";
import { requireDefinition } from "./require-definition.ts";

/** What one version of a definition holds, and where its scripts would run now. @throws SlipwayError `unknown_object` */
export async function getVersion(ctx: RequestContext, name: string, version: number): Promise<OsVersionDetail> {
  const { db } = ctx.services;
  const definition = await requireDefinition(ctx, "os.read", name);
  const row = await db.osDefinitionVersion.findUnique({ where: { definitionId_version: { definitionId: definition.id, version } }, select: VERSION_DETAIL });
  if (row === null) throw noVersion(name, version);
  const { hostScripts } = await clusterFacts(db);
  return versionDetail(row, { definition: name, isTrusted: definition.trustedDigest === row.digest, hostScripts });
}

/** @param field where the request named the version. */
export function noVersion(name: string, version: number, field = "version"): SlipwayError {
  return new SlipwayError("unknown_object", `OS definition ${name} has no version ${version}.`, { field });
}
