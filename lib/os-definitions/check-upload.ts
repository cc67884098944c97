import type { RequestContext } from "#lib/context/context.ts";
import { definitionWarnings } from "#lib/domain/definition-warnings.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import type { OsDefinitionCheck, VersionDiff } from "#lib/domain/os-definition-views.ts";
import { findCarriedImage } from "./carried-image.ts";
import { compareVersions, loadCompared } from "./compare-versions.ts";
import { inComparisonTurn } from "./comparison-gate.ts";
import { clusterFacts } from "./host-scripts.ts";
import { readDefinitionArchive } from "./read-definition-archive.ts";
import type { DefinitionRow } from "./require-definition.ts";
import { requireUpload } from "./require-upload.ts";
import { scriptRuns } from "./script-runs.ts";
import { versionDigest } from "./store-version.ts";
import type { UploadInput } from "./upload-os-definition.ts";

/**
 * What an archive holds and what registering it would change, for whoever may register it. Nothing is stored and nothing runs.
 *
 * @throws SlipwayError as an upload; `too_many_requests` where others are compared with what they replace
 */
export async function checkUpload(ctx: RequestContext, { name, archive }: UploadInput, signal?: AbortSignal): Promise<OsDefinitionCheck> {
  const { db } = ctx.services;
  const definition = await requireUpload(ctx, name);
  const parsed = await readDefinitionArchive(archive, signal);
  const digest = versionDigest(parsed, await findCarriedImage(ctx, parsed.manifest));
  const numbers = definition === null ? { existing: null, next: 1 } : await versionNumbers(ctx, definition.id, digest);
  const trustedAtOnce = definition !== null && definition.trustedBy !== null && ((definition.trustUpdates && definition.ownerId === null) || definition.trustedDigest === digest);
  const { hostScripts } = await clusterFacts(db);
  const { manifest, apiVersions, variants, files } = parsed;
  return {
    name,
    digest,
    owner: definition?.owner?.name ?? null,
    existingVersion: numbers.existing,
    nextVersion: numbers.next,
    manifest,
    apiVersions,
    variants,
    files,
    runs: scriptRuns(manifest, { definition: name, isTrusted: trustedAtOnce, hostScripts }),
    trustedAtOnce,
    diff: await diffAgainstCurrent(ctx, definition, parsed, digest),
    warnings: [...definitionWarnings(parsed), ...trustWarnings(definition, trustedAtOnce)],
  };
}

async function versionNumbers(ctx: RequestContext, definitionId: string, digest: string): Promise<{ readonly existing: number | null; readonly next: number }> {
  const { db } = ctx.services;
  const known = await db.osDefinitionVersion.findUnique({ where: { definitionId_digest: { definitionId, digest } }, select: { version: true } });
  const last = await db.osDefinitionVersion.findFirst({ where: { definitionId }, orderBy: { version: "desc" }, select: { version: true } });
  return { existing: known?.version ?? null, next: (last?.version ?? 0) + 1 };
}

async function diffAgainstCurrent(ctx: RequestContext, definition: DefinitionRow | null, parsed: ParsedDefinition, digest: string): Promise<VersionDiff | null> {
  const current = definition?.currentVersion ?? null;
  if (definition === null || current === null) return null;
  const { db } = ctx.services;
  return inComparisonTurn(ctx, async () => {
    const from = await loadCompared(db, definition.id, current.version);
    return from === null ? null : compareVersions(db, from, { ...parsed, version: null, digest });
  });
}

function trustWarnings(definition: DefinitionRow | null, trustedAtOnce: boolean): string[] {
  if (definition === null || definition.trustedBy === null) return [];
  if (!trustedAtOnce) return definition.trustedDigest === definition.currentVersion?.digest ? ["The version of now is trusted; this one is not until an administrator says so."] : [];
  return definition.trustUpdates
    ? [`It is trusted as soon as it is registered, because ${definition.trustedBy} said that updates of this definition are.`]
    : [`It is trusted as soon as it is registered, because ${definition.trustedBy} trusts this very content.`];
}
