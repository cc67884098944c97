import type { Queryable } from "#lib/db/client.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsFileView, VersionDiff } from "#lib/domain/os-definition-views.ts";
import { changedFiles, diffFiles } from "./diff-files.ts";
import { diffMembers, diffParameters, diffVariants } from "./diff-manifests.ts";
import { TEXT_BYTES } from "./read-text.ts";

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

/** What is different between two contents. */
export async function compareVersions(db: Queryable, from: ComparedContent & { readonly version: number }, to: ComparedContent): Promise<VersionDiff> {
  const changed = changedFiles(from.files, to.files);
  const [before, after] = [await bytesOf(db, from, changed.map((file) => file.before)), await bytesOf(db, to, changed.map((file) => file.after))];
  return {
    from: { version: from.version, digest: from.digest },
    to: { version: to.version, digest: to.digest },
    files: await diffFiles({ files: from.files, content: before }, { files: to.files, content: after }),
    parameters: diffParameters(from.manifest, to.manifest),
    variants: diffVariants(from.variants, to.variants),
    manifest: diffMembers(from.manifest, to.manifest),
  };
}

/** Only what is shown by line is read: what is too large for that, and what is the same, stays where it is. */
async function bytesOf(db: Queryable, side: ComparedContent, files: readonly (OsFileView | null)[]): Promise<(digest: string) => Uint8Array | null> {
  if (side.contents !== null) {
    const { contents } = side;
    return (digest) => contents.get(digest) ?? null;
  }
  const digests = files.flatMap((file) => (file === null || file.size > TEXT_BYTES ? [] : [file.digest]));
  const rows = await db.osFileContent.findMany({ where: { digest: { in: digests } } });
  const found = new Map(rows.map((row) => [row.digest, row.content]));
  return (digest) => found.get(digest) ?? null;
}
