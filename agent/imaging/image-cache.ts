import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Checksum } from "#lib/domain/install-source.ts";
import { isMissing, syncFile, syncFolder, TEMPORARY_SUFFIX } from "../files.ts";
import type { LocalFile } from "../sources/open-local.ts";

const MIB = 1_048_576;
const NAME = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})$/;
/** Left free on the node whatever the cache would take. */
const RESERVE_MIB = 1_024;

/** A file that is being filled. `commit` makes it one of the cache; `discard`, which can follow, removes it. */
export interface CacheDraft {
  readonly path: string;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Images that were downloaded with a checksum, as they were downloaded, by that checksum. What is in the folder is all that it knows: two
 * installs at once, in whichever thread, and the loss of either leave whole files or drafts, and drafts go at the next start. A file is
 * never trusted: whoever uses it takes its digest again.
 */
export class ImageCache {
  readonly folder: string;
  readonly limitMib: number;

  /** Of a folder that was opened before, by this process. */
  constructor(folder: string, limitMib: number) {
    this.folder = folder;
    this.limitMib = limitMib;
  }

  /** Makes the folder, removes what an earlier process left half written, and what is over the limit. @param limitMib 0: nothing is kept */
  static async open(folder: string, limitMib: number): Promise<ImageCache> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name), { force: true });
    const cache = new ImageCache(folder, limitMib);
    await cache.#shrink(limitMib * MIB);
    return cache;
  }

  /** Opens an image and counts that as its use; null where it isn't there. The caller closes it. */
  async find(checksum: Checksum): Promise<LocalFile | null> {
    const path = this.#path(checksum);
    try {
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      const now = new Date();
      await utimes(path, now, now).catch(ignoreMissing);
      return { handle, bytes: (await handle.stat()).size, path };
    } catch (error) {
      return ignoreMissing(error);
    }
  }

  /** Bytes of an image that is there; null where it isn't. */
  async size(checksum: Checksum): Promise<number | null> {
    return (await stat(this.#path(checksum)).catch(ignoreMissing))?.size ?? null;
  }

  /** It wasn't what its name says. */
  async remove(checksum: Checksum): Promise<void> {
    await rm(this.#path(checksum), { force: true });
  }

  /**
   * Where a download may be kept beside its use; null where there is no room for it. The longest unused ones make place.
   *
   * @param bytes of the download
   * @param neededBytes what the disk that is being written may still take of the same file system
   */
  async draft(checksum: Checksum, bytes: number | null, neededBytes: number): Promise<CacheDraft | null> {
    if (bytes === null || bytes > this.limitMib * MIB) return null;
    await this.#shrink(this.limitMib * MIB - bytes);
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize < bytes + neededBytes + RESERVE_MIB * MIB) return null;
    const path = join(this.folder, `${randomUUID()}${TEMPORARY_SUFFIX}`);
    return {
      path,
      commit: async () => {
        await syncFile(path);
        await rename(path, this.#path(checksum));
        await syncFolder(this.folder);
        // Another draft may have come meanwhile.
        await this.#shrink(this.limitMib * MIB);
      },
      discard: () => rm(path, { force: true }),
    };
  }

  /** Gives room back to the node until so much is free, the longest unused images first; nothing where all of them wouldn't do. */
  async makeRoom(mib: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    const missing = mib * MIB - bavail * bsize;
    const kept = (await this.#files()).reduce((sum, { bytes }) => sum + bytes, 0);
    if (missing > 0 && missing <= kept) await this.#shrink(kept - missing);
  }

  async #shrink(toBytes: number): Promise<void> {
    const files = await this.#files();
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
      if (total <= toBytes) return;
      await rm(join(this.folder, name), { force: true });
      total -= bytes;
    }
  }

  async #files(): Promise<{ name: string; bytes: number; usedMs: number }[]> {
    const names = (await readdir(this.folder)).filter((name) => NAME.test(name));
    const stats = await Promise.all(names.map(async (name) => ({ name, stats: await stat(join(this.folder, name)).catch(ignoreMissing) })));
    return stats.flatMap(({ name, stats: found }) => (found === null ? [] : [{ name, bytes: found.size, usedMs: found.mtimeMs }]));
  }

  #path(checksum: Checksum): string {
    const name = "sha512" in checksum ? `sha512-${checksum.sha512}` : `sha256-${checksum.sha256}`;
    if (!NAME.test(name)) throw new RangeError("not a checksum");
    return join(this.folder, name);
  }
}


/** Another install may have removed it. */
function ignoreMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
