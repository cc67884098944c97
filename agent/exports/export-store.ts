import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";
import { digestSchema, type ExportFile, exportFileSchema } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { hasErrnoCode, isMissing, syncFolder, TEMPORARY_SUFFIX } from "../files.ts";
import { RoomKeeper } from "../sources/keep-room.ts";
import { overwriteFile } from "./overwrite-file.ts";

/** The largest file that is taken in for an import: a controller names no other cap. */
const LARGEST_FILE_BYTES = 16 * 1_024 ** 4;
/** What a folder is called that goes; with the second, its files are overwritten before. */
const REMOVING = "removing-";
const ERASING = "erasing-";

const idSchema = z.uuid();
const indexSchema = exportFileSchema.shape.index;
const nameSchema = exportFileSchema.shape.name;

/**
 * The files of exports that a node keeps, a folder for each export: what export scripts wrote (design: install, "Other operations"), and
 * what was brought for an import. A file that has its name is whole and durable; its digest was computed while it was written. Ids and
 * names are checked for their form before they become part of a path.
 */
export class ExportStore {
  readonly #folder: string;
  /** Files that are being written. */
  readonly #taking = new Set<string>();
  /** Removals that an earlier process had begun, and those for which nobody waits. */
  leftovers: Promise<void>;

  private constructor(folder: string, leftovers: readonly string[]) {
    this.#folder = folder;
    this.leftovers = this.#finishRemovals(leftovers);
    // Whoever waits for it is told; a disk that fails must not end the agent.
    this.leftovers.catch(() => undefined);
  }

  /**
   * Opens the store and clears up after an earlier process: what was half written is removed at once, removals go on in the background
   * (`leftovers`; it rejects where a disk fails).
   */
  static async open(folder: string): Promise<ExportStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = await readdir(folder);
    for (const name of names.filter((one) => idSchema.safeParse(one).success)) {
      for (const file of await readdir(join(folder, name))) {
        if (file.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name, file), { force: true });
      }
    }
    return new ExportStore(folder, names.filter((name) => name.startsWith(REMOVING) || name.startsWith(ERASING)));
  }

  /**
   * Takes what an export script writes for one disk. Rejects, and keeps nothing of it, where there is more than `capBytes` (too_large),
   * the node has no room for it (no_room), the disk was exported already (conflict), or the body breaks off (the body's own error).
   */
  async takeExport(exportId: string, index: number, body: AsyncIterable<Buffer>, capBytes: number): Promise<ExportFile> {
    const name = `disk-${String(indexSchema.parse(index))}.dump`;
    if (await this.#has(exportId, name)) throw new SlipwayError("conflict", `Disk ${String(index)} was exported already.`);
    const { sha256, bytes } = await this.#write(exportId, name, body, capBytes, null);
    return { index, name, sha256, bytes };
  }

  /** Takes a file in for an import, again if need be. Refuses it, and keeps nothing, unless the sha256 of its bytes is the digest. */
  async put(exportId: string, name: string, sha256: string, body: AsyncIterable<Buffer>, capBytes = LARGEST_FILE_BYTES): Promise<void> {
    await this.#write(exportId, nameSchema.parse(name), body, capBytes, digestSchema.parse(sha256));
  }

  /** A file to read, from its beginning. Refuses (unknown_object) where it isn't there. Its reader closes it by reading or destroying. */
  async open(exportId: string, name: string): Promise<{ readonly stream: Readable; readonly length: number }> {
    const path = join(this.#exportFolder(exportId), nameSchema.parse(name));
    try {
      const { size } = await stat(path);
      return { stream: createReadStream(path, { end: Math.max(0, size - 1) }), length: size };
    } catch (error) {
      if (isMissing(error)) throw new SlipwayError("unknown_object", "This node has no such file of that export.");
      throw error;
    }
  }

  /** Removes an export; idempotent. It is gone for everybody before the first byte goes. `erase`: its files are overwritten first. */
  async remove(exportId: string, how: { readonly erase?: boolean } = {}): Promise<void> {
    const name = await this.#doom(exportId, how);
    if (name !== null) await this.#finishRemovals([name]);
  }

  /** As `remove`, for who can't wait until large files are overwritten: that goes on by itself (`leftovers`), in the next process if need be. */
  async giveUp(exportId: string, how: { readonly erase?: boolean } = {}): Promise<void> {
    const name = await this.#doom(exportId, how);
    if (name === null) return;
    this.leftovers = Promise.all([this.leftovers, this.#finishRemovals([name])]).then(() => undefined);
    this.leftovers.catch(() => undefined);
  }

  /** Takes an export from everybody's sight, durably. Returns the name that it then has; null: there is none. */
  async #doom(exportId: string, { erase = false }: { readonly erase?: boolean }): Promise<string | null> {
    const name = `${erase ? ERASING : REMOVING}${randomUUID()}`;
    try {
      await rename(this.#exportFolder(exportId), join(this.#folder, name));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    await syncFolder(this.#folder);
    return name;
  }

  #exportFolder(exportId: string): string {
    return join(this.#folder, idSchema.parse(exportId));
  }

  async #has(exportId: string, name: string): Promise<boolean> {
    try {
      return (await stat(join(this.#exportFolder(exportId), name))).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #write(exportId: string, name: string, body: AsyncIterable<Buffer>, capBytes: number, digest: string | null): Promise<{ sha256: string; bytes: number }> {
    const folder = this.#exportFolder(exportId);
    const target = join(folder, name);
    if (this.#taking.has(target)) throw new SlipwayError("conflict", `${name} of this export is being written already.`);
    this.#taking.add(target);
    const temporary = join(folder, `${randomUUID()}${TEMPORARY_SUFFIX}`);
    let handle: FileHandle | null = null;
    try {
      if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(this.#folder);
      handle = await open(temporary, "wx", 0o600);
      const written = await writeCapped(handle, folder, body, capBytes);
      if (digest !== null && written.sha256 !== digest) throw new SlipwayError("checksum_mismatch", "The bytes don't have the sha256 that was named.", { field: "sha256" });
      await handle.sync();
      await handle.close();
      await rename(temporary, target);
      await syncFolder(folder);
      return written;
    } catch (error) {
      await handle?.close().catch(() => undefined);
      await rm(temporary, { force: true });
      if (hasErrnoCode(error, "ENOSPC") || hasErrnoCode(error, "EDQUOT")) throw new SlipwayError("no_room", "The node has no room for this export.", { cause: error });
      throw error;
    } finally {
      this.#taking.delete(target);
    }
  }

  async #finishRemovals(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const folder = join(this.#folder, name);
      if (name.startsWith(ERASING)) {
        for (const file of await readdir(folder)) await overwriteFile(join(folder, file));
      }
      await rm(folder, { recursive: true, force: true });
    }
    if (names.length > 0) await syncFolder(this.#folder);
  }
}

async function writeCapped(handle: FileHandle, folder: string, body: AsyncIterable<Buffer>, capBytes: number): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const room = new RoomKeeper(folder, "exportId");
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > capBytes) throw new SlipwayError("too_large", "This is more than an export of that disk may be.");
    hash.update(chunk);
    await room.take(chunk.length);
    await handle.writeFile(chunk);
  }
  return { sha256: hash.digest("hex"), bytes };
}
