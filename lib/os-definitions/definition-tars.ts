/** Archives of a definition that nodes get: its untrusted half for the appliance, its whole folder for scripts on the host. */
import { createHash } from "node:crypto";
import { importBlobBytes } from "#lib/blobs/blob-files.ts";
import { recordBlob } from "#lib/blobs/record-blob.ts";
import type { Database } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { writeTar } from "#lib/domain/write-tar.ts";

const UNTRUSTED = "untrusted/";
const FILES = { select: { path: true, mode: true, digest: true } } as const;

/**
 * Makes the file of an archive that this controller's store of blobs hasn't got: it was made by another controller, or nobody has
 * needed it yet.
 *
 * @returns whether the file is there now; no where the digest isn't of such an archive, or its files aren't stored.
 */
export async function restoreDefinitionTar(db: Database, blobs: string, digest: string): Promise<boolean> {
  const version = await db.osDefinitionVersion.findFirst({
    where: { OR: [{ untrustedDigest: digest }, { hostDigest: digest }] },
    select: { untrustedDigest: true, files: FILES },
  });
  if (version === null) return false;
  const tar = await tarOf(db, version.files, version.untrustedDigest === digest ? UNTRUSTED : "");
  if (tar === null) return false;
  await importBlobBytes(blobs, tar, digest);
  return true;
}

/**
 * The whole folder of a version as one archive, the same bytes for the same files: what the host gets whose administrator trusts it
 * (design: install, "with the whole of its folder beside it"). Made when it is first needed.
 *
 * @returns its digest.
 * @throws SlipwayError `unsupported` where the files of the version aren't stored
 */
export async function makeHostTar(db: Database, blobs: string, versionId: string): Promise<string> {
  const version = await db.osDefinitionVersion.findUniqueOrThrow({ where: { id: versionId }, select: { hostDigest: true, files: FILES, definition: { select: { name: true } } } });
  if (version.hostDigest !== null) return version.hostDigest;
  const tar = await tarOf(db, version.files, "");
  if (tar === null) throw new SlipwayError("unsupported", `The files of OS definition ${version.definition.name} aren't stored; register it again.`, { field: "osType" });
  const { digest, sizeBytes } = await importBlobBytes(blobs, tar);
  await db.$transaction(async (tx) => {
    await recordBlob(tx, { digest, sizeBytes });
    await tx.osDefinitionVersion.update({ where: { id: versionId }, data: { hostDigest: digest }, select: { id: true } });
  });
  return digest;
}

/** Null: not all of the files are stored, or one isn't what its name says. */
async function tarOf(db: Database, entries: readonly { readonly path: string; readonly mode: number; readonly digest: string }[], folder: string): Promise<Buffer | null> {
  const wanted = entries.filter(({ path }) => path.startsWith(folder));
  const stored = await db.osFileContent.findMany({ where: { digest: { in: wanted.map(({ digest }) => digest) } } });
  // Trust is in the digests: a content counts for what it is.
  const contents = new Map(stored.map(({ content }) => [createHash("sha256").update(content).digest("hex"), content]));
  const files = wanted.flatMap(({ path, mode, digest }) => {
    const content = contents.get(digest);
    return content === undefined ? [] : [{ path: path.slice(folder.length), mode, content }];
  });
  return files.length === 0 || files.length < wanted.length ? null : writeTar(files);
}
