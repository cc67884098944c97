import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { hasErrnoCode, isMissing, syncFolder } from "../files.ts";

const CHUNK_BYTES = 1_048_576;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
/** So that guests have most of the disk to themselves. */
const BYTES_PER_SECOND = 100 * 1_048_576;
/** A disk is mostly holes, which are only looked at: by so much quicker. */
const LOOKING_COSTS_LESS = 8;

export interface EraserOptions {
  /** `<dataDir>/erasing`, on the filesystem of what is given up. */
  readonly folder: string;
  readonly log: Logger;
  /** Left out: 100 MiB, of what is overwritten. */
  readonly bytesPerSecond?: number;
}

/**
 * Overwrites disks that go (design: install, "erasure of deleted and retained disks"). A doomed file is renamed into a folder of its own,
 * durably, so that nobody finds it under its name any more and a restarted agent goes on with it; there it is overwritten with zeros,
 * in the background and at a bounded rate, brought to the disk and unlinked.
 *
 * It overwrites what the file has. Where a filesystem or disk writes elsewhere than it read (copy on write, a drive's spare blocks), what
 * was there before is beyond it.
 */
export class Eraser {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #bytesPerSecond: number;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<string>();
  #work: Promise<void> | null = null;

  private constructor({ folder, log, bytesPerSecond = BYTES_PER_SECOND }: EraserOptions) {
    this.#folder = folder;
    this.#log = log;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Goes on with what an earlier process left. */
  static async open(options: EraserOptions): Promise<Eraser> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const eraser = new Eraser(options);
    for (const name of await readdir(options.folder)) eraser.#enqueue(name);
    return eraser;
  }

  /**
   * Gives up a file of the agent's. When it resolves the file is no longer under its name; it is overwritten afterwards if `erase` says
   * so. A file that isn't there is none to give up, and one that has another name as well is left to that.
   */
  async discard(path: string, erase: boolean): Promise<void> {
    if (!erase) {
      await rm(path, { force: true });
      return;
    }
    const name = randomUUID();
    try {
      await rename(path, join(this.#folder, name));
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await syncFolder(this.#folder);
    await syncFolder(dirname(path));
    this.#enqueue(name);
  }

  /** Resolves when nothing is left to overwrite, or the agent is shutting down. */
  async settled(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }

  /** Stops where it is; the next process goes on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
  }

  #enqueue(name: string): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.add(name);
    this.#work ??= this.#workOff();
  }

  /** Never rejects. */
  async #workOff(): Promise<void> {
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      const path = join(this.#folder, name);
      try {
        const { nlink } = await stat(path);
        // The second name of a disk that somebody still uses: its content isn't given up.
        if (nlink === 1) await this.#overwriteWhatItCan(path, name);
        await rm(path, { force: true });
        await syncFolder(this.#folder);
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        this.#log.error({ err: error, file: name }, "a disk that was given up can't be overwritten; the next start of the agent tries it again");
      }
    }
    // In the same turn as the last look at what waits.
    this.#work = null;
  }

  /** A file that shares its blocks with another takes room to be overwritten. Where there is none, keeping it would help nobody. */
  async #overwriteWhatItCan(path: string, name: string): Promise<void> {
    try {
      await this.#overwrite(path);
    } catch (error) {
      if (!hasErrnoCode(error, "ENOSPC")) throw error;
      this.#log.error({ file: name }, "a disk that was given up was removed without being overwritten: it shares its blocks, and the node has no room");
    }
  }

  async #overwrite(path: string): Promise<void> {
    const handle = await open(path, "r+");
    try {
      const { size } = await handle.stat();
      const started = performance.now();
      let spent = 0;
      for (let at = 0; at < size; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, size - at);
        spent += (await overwriteChunk(handle, at, length)) ? length : length / LOOKING_COSTS_LESS;
        const ahead = (spent / this.#bytesPerSecond) * 1_000 - (performance.now() - started);
        this.#closing.signal.throwIfAborted();
        // A rate, not a wait for something.
        if (ahead > 1) await delay(ahead, undefined, { signal: this.#closing.signal });
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Whether there was something to overwrite. What is zeros already stays as it is: a hole must not take room that the node may not have. */
async function overwriteChunk(handle: FileHandle, at: number, length: number): Promise<boolean> {
  const chunk = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(chunk, 0, length, at);
  if (chunk.subarray(0, bytesRead).equals(ZEROS.subarray(0, bytesRead))) return false;
  await handle.write(ZEROS, 0, bytesRead, at);
  return true;
}
