import type { Queryable } from "#lib/db/client.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsFileView, VersionDiff } from "#lib/domain/os-definition-views.ts";
import type { FileSide } from "./diff-files.ts";
import { diffFiles } from "./diff-files.ts";
import { diffMembers, diffParameters, diffVariants } from "./diff-manifests.ts";

/** A content that is compared: a version, or what is about to become one. */
export interface ComparedContent {
  readonly version: number | null;
  readonly digest: string;
  readonly manifest: OsManifest;
  readonly variants: readonly string[];
  readonly files: readonly OsFileView[];
  /** Bytes by digest, where they are in memory; null: in the database. */
  readonly contents: ReadonlyMap<string, Uint8Array> | null;
}

/** A stored version as something to compare; null where the definition has none of that number. */
export async function loadCompared(db: Queryable, definitionId: string, version: number): Promise<(ComparedContent & { readonly version: number }) | null> {
  const row = await db.osDefinitionVersion.findUnique({
    where: { definitionId_version: { definitionId, version } },
    select: { digest: true, manifest: true, variants: true, files: { select: { path: true, mode: true, size: true, digest: true } } },
  });
  return row === null ? null : { ...row, version, manifest: osManifestSchema.parse(row.manifest), contents: null };
}

/** What is different between two contents. Asked for inside of inComparisonTurn, with what it needs. */
export async function compareVersions(db: Queryable, from: ComparedContent & { readonly version: number }, to: ComparedContent): Promise<VersionDiff> {
  return {
    from: { version: from.version, digest: from.digest },
    to: { version: to.version, digest: to.digest },
    files: await diffFiles(sideOf(db, from), sideOf(db, to)),
    parameters: diffParameters(from.manifest, to.manifest),
    variants: diffVariants(from.variants, to.variants),
    manifest: diffMembers(from.manifest, to.manifest),
  };
}

/** Contents are read one by one, as they are compared: a version may have many MiB of them. */
function sideOf(db: Queryable, { files, contents }: ComparedContent): FileSide {
  if (contents !== null) return { files, content: (digest) => Promise.resolve(contents.get(digest) ?? null) };
  return {
    files,
    async content(digest) {
      const row = await db.osFileContent.findUnique({ where: { digest }, select: { content: true } });
      return row?.content ?? null;
    },
  };
}
