import { importBlobBytes } from "#lib/blobs/blob-files.ts";
import type { Database } from "#lib/db/client.ts";
import { writeTar } from "#lib/domain/write-tar.ts";

const UNTRUSTED = "untrusted/";

/**
 * Makes the file of an untrusted half that this controller's store of blobs hasn't got: it was registered through another
 * controller, or nobody has needed it yet.
 *
 * @returns whether the file is there now; no where the digest isn't of an untrusted half, or its files aren't stored.
 */
export async function restoreUntrustedTar(db: Database, blobs: string, digest: string): Promise<boolean> {
  const version = await db.osDefinitionVersion.findFirst({
    where: { untrustedDigest: digest },
    select: { files: { where: { path: { startsWith: UNTRUSTED } }, select: { path: true, mode: true, digest: true } } },
  });
  if (version === null) return false;
  const stored = await db.osFileContent.findMany({ where: { digest: { in: version.files.map((file) => file.digest) } } });
  const contents = new Map(stored.map((row) => [row.digest, row.content]));
  const files = version.files.flatMap(({ path, mode, digest: of }) => {
    const content = contents.get(of);
    return content === undefined ? [] : [{ path: path.slice(UNTRUSTED.length), mode, content }];
  });
  if (files.length < version.files.length) return false;
  await importBlobBytes(blobs, writeTar(files), digest);
  return true;
}
