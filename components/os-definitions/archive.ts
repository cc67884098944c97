/** What can be said of an archive by its name and its size, before it is sent. */

/** Content types of archives, by how their names end. The controller looks into the bytes all the same. */
const TYPES = [
  { ending: ".tar.gz", type: "application/gzip" },
  { ending: ".tgz", type: "application/gzip" },
  { ending: ".tar.zst", type: "application/zstd" },
  { ending: ".tar", type: "application/x-tar" },
] as const;

/** For the browser's own window to choose a file. */
export const ARCHIVE_ENDINGS = ".tar,.gz,.tgz,.zst";

/** Bytes; the controller refuses more. */
export const MOST_ARCHIVE_BYTES = 16 * 1_048_576;

export function archiveType(fileName: string): string | null {
  const lower = fileName.toLowerCase();
  return TYPES.find(({ ending }) => lower.endsWith(ending))?.type ?? null;
}

/** Why a file can't be sent; null where nothing speaks against it. */
export function archiveProblem(file: { readonly name: string; readonly size: number }): string | null {
  if (archiveType(file.name) === null) return `${file.name} is no .tar, .tar.gz or .tar.zst archive.`;
  if (file.size === 0) return `${file.name} is empty.`;
  if (file.size > MOST_ARCHIVE_BYTES) return `${file.name} is larger than 16 MiB.`;
  return null;
}

/** A name for a definition from the name of its archive: `debian-12.tar.gz` → `debian-12`; null where that can't be one. */
export function nameFromArchive(fileName: string, allowed: RegExp): string | null {
  const lower = fileName.toLowerCase();
  const ending = TYPES.find((type) => lower.endsWith(type.ending))?.ending;
  if (ending === undefined) return null;
  const stem = fileName.slice(0, -ending.length);
  return allowed.test(stem) ? stem : null;
}
