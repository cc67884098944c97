import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { sourceError } from "../sources/source-error.ts";
import { BLOCK_BYTES } from "./block-ring.ts";
import { openDirect, roundUp, writeFully } from "./direct-file.ts";
import type { ReadBack, Slot } from "./read-back.ts";

/** What stays a hole where it is nothing but zeros. */
const HOLE_BYTES = 65_536;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/** Writes a stream to a disk that is empty, and has each block read back as soon as it is written. */
export class DiskFill {
  readonly #handle: FileHandle;
  readonly #back: ReadBack;
  readonly #sizeBytes: number;
  readonly #field: string;
  #slot: Slot | null = null;
  #filled = 0;
  #at = 0;
  /** Blocks are given to be compared in their order, whichever is written first. */
  #order: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  private constructor(handle: FileHandle, back: ReadBack, sizeBytes: number, field: string) {
    this.#handle = handle;
    this.#back = back;
    this.#sizeBytes = sizeBytes;
    this.#field = field;
  }

  static async open(file: string, sizeBytes: number, back: ReadBack, field: string): Promise<DiskFill> {
    return new DiskFill(await openDirect(file, constants.O_RDWR), back, sizeBytes, field);
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#at + this.#filled;
  }

  /**
   * The next bytes of the disk. They may be used again when this returns.
   *
   * @throws SlipwayError disk_too_small where they are more than the disk holds; whatever writing met
   */
  async write(bytes: Buffer): Promise<void> {
    if (this.bytes + bytes.length > this.#sizeBytes) {
      throw sourceError("disk_too_small", `What is in the image is more than the disk's ${String(this.#sizeBytes / 1_048_576)} MiB.`, this.#field);
    }
    for (let done = 0; done < bytes.length; ) {
      if (this.#failure !== null) throw this.#failure;
      this.#slot ??= await this.#back.slot();
      const copied = bytes.copy(this.#slot.bytes, this.#filled, done);
      done += copied;
      this.#filled += copied;
      if (this.#filled === BLOCK_BYTES) this.#flush(this.#slot);
    }
  }

  /** Writes what is left, and makes all of it durable. @returns its bytes */
  async finish(): Promise<number> {
    if (this.#slot !== null && this.#filled > 0) {
      // Past the page cache whole pages are written; what follows is empty and stays so.
      this.#slot.bytes.fill(0, this.#filled, roundUp(this.#filled));
      this.#flush(this.#slot);
    }
    await this.#order;
    if (this.#failure !== null) throw this.#failure;
    await this.#handle.datasync();
    return this.#at;
  }

  async close(): Promise<void> {
    await this.#order;
    await this.#handle.close();
  }

  /** Begins to write a block. */
  #flush(slot: Slot): void {
    const [at, length] = [this.#at, this.#filled];
    const before = this.#order;
    const written = this.#writeBlock(slot.bytes, at, roundUp(length));
    // Met below; the one before may take longer.
    written.catch(() => undefined);
    this.#order = before
      .then(() => written)
      .then(
        () => this.#back.compare(slot, at, length),
        (error: unknown) => {
          this.#failure ??= error instanceof Error ? error : new Error("writing failed", { cause: error });
          this.#back.fail(this.#failure);
        },
      );
    this.#at += length;
    this.#filled = 0;
    this.#slot = null;
  }

  /** Everything that isn't zeros. */
  async #writeBlock(block: Buffer, at: number, length: number): Promise<void> {
    const writes: Promise<void>[] = [];
    let from = -1;
    for (let here = 0; here < length; here += HOLE_BYTES) {
      const size = Math.min(HOLE_BYTES, length - here);
      const isHole = block.compare(ZEROS, 0, size, here, here + size) === 0;
      if (isHole && from >= 0) writes.push(writeFully(this.#handle, block, from, here, at + from));
      if (isHole) from = -1;
      else if (from < 0) from = here;
    }
    if (from >= 0) writes.push(writeFully(this.#handle, block, from, length, at + from));
    await Promise.all(writes);
  }
}
