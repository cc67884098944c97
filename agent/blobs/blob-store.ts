import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { digestSchema } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isMissing, syncFolder, TEMPORARY_SUFFIX } from "../files.ts";

/** The largest blob that is taken: an OS definition's image. */
const LARGEST_BLOB_BYTES = 64 * 1_024 ** 3;

/**
 * Files named by their sha256: kernels, initrds, images, archives. What is there is whole and was verified when it came.
 * A digest is checked for its form before it becomes part of a path.
 */
export class BlobStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store and removes what an earlier process left half written. */
  static async open(folder: string): Promise<BlobStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name), { force: true });
    }
    return new BlobStore(folder);
  }

  /** Where a blob lies, whether it is there or not. */
  path(digest: string): string {
    return join(this.#folder, digestSchema.parse(digest));
  }

  async has(digest: string): Promise<boolean> {
    try {
      return (await stat(this.path(digest))).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Bytes of a blob; refuses where it isn't there. */
  async size(digest: string): Promise<number> {
    return (await stat(this.path(digest))).size;
  }

  /** Takes a blob in. Refuses it, and keeps nothing, unless the sha256 of its bytes is the digest. */
  async put(digest: string, bytes: AsyncIterable<Buffer>): Promise<void> {
    const target = this.path(digest);
    const temporary = join(this.#folder, `${randomUUID()}${TEMPORARY_SUFFIX}`);
    const handle = await open(temporary, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      let length = 0;
      for await (const chunk of bytes) {
        length += chunk.length;
        if (length > LARGEST_BLOB_BYTES) throw new SlipwayError("too_large", "The blob is larger than an agent takes.");
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
      if (hash.digest("hex") !== digest) {
        throw new SlipwayError("invalid", "The bytes don't have the sha256 that the path names.", { field: "digest" });
      }
      await handle.sync();
      await handle.close();
      await rename(temporary, target);
      await syncFolder(this.#folder);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
  }
}
