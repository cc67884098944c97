import { Worker } from "node:worker_threads";
import type { TakenDigests } from "../sources/checksum.ts";
import { abortError, sourceError } from "../sources/source-error.ts";
import { BLOCK_BYTES, blocksOf, makeBlocks } from "./block-ring.ts";
import type { ReadBackData, ReadBackNews, ReadBackOrder } from "./read-back-messages.ts";

/** Blocks that may be between being filled and having been compared. */
const RING_BLOCKS = 24;

/** A block of memory on its way to the disk and back. */
export interface Slot {
  readonly index: number;
  readonly bytes: Buffer;
}

/**
 * Compares what a disk gives back with what was written to it, beside the writing. It proves that the file system and the device give back
 * these bytes when they are asked past the page cache, where they can be (direct-file.ts); not what a device keeps in a cache of its own
 * until it is told to flush, which the caller does at the end.
 */
export class ReadBack {
  readonly #worker: Worker;
  readonly #field: string;
  readonly #slots: readonly Slot[];
  readonly #free: Slot[];
  readonly #ended = Promise.withResolvers<TakenDigests>();
  #wake: () => void = ignore;
  #failure: Error | null = null;
  #onRead: (upTo: number) => void = ignore;

  private constructor(worker: Worker, ring: ArrayBufferLike, field: string) {
    this.#worker = worker;
    this.#field = field;
    this.#slots = blocksOf(ring).map((bytes, index) => ({ index, bytes }));
    this.#free = [...this.#slots];
    this.#ended.promise.catch(ignore);
    worker.on("message", (news: ReadBackNews) => this.#take(news));
    worker.on("error", (error: Error) => this.#fail(error));
  }

  /** @param signal whoever waits for it then is told that it was aborted */
  static start(file: string, withSha512: boolean, field: string, signal: AbortSignal): ReadBack {
    const ring = makeBlocks(RING_BLOCKS, true);
    const workerData: ReadBackData = { file, ring, withSha512 };
    const back = new ReadBack(new Worker(new URL("./read-back-worker.ts", import.meta.url), { workerData, execArgv: [] }), ring, field);
    signal.addEventListener("abort", () => back.fail(abortError(signal)), { once: true });
    return back;
  }

  /** A block to fill, as soon as one is free. */
  async slot(): Promise<Slot> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const slot = this.#free.pop();
      if (slot !== undefined) return slot;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** A block was written; the next ones have to be given in the disk's order. It is free again once it has been compared. */
  compare(slot: Slot, at: number, length: number): void {
    this.#tell({ kind: "block", slot: slot.index, at, length });
  }

  /** Only reads, and takes the digests. */
  read(bytes: number, onRead: (upTo: number) => void): void {
    this.#onRead = onRead;
    this.#tell({ kind: "range", at: 0, length: bytes });
  }

  /** @throws SlipwayError checksum_mismatch where the disk gives back something else */
  async finish(): Promise<TakenDigests> {
    this.#tell({ kind: "end" });
    return this.#ended.promise;
  }

  /** Whoever waits for a block, or for the end, is told of this. */
  fail(error: Error): void {
    this.#fail(error);
  }

  /** Ends it, whatever it does. Can be repeated. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(order: ReadBackOrder): void {
    this.#worker.postMessage(order);
  }

  #take(news: ReadBackNews): void {
    switch (news.kind) {
      case "compared": {
        const slot = this.#slots[news.slot];
        if (slot !== undefined) this.#free.push(slot);
        this.#wake();
        break;
      }
      case "read":
        this.#onRead(news.upTo);
        break;
      case "differs":
        this.#fail(sourceError("checksum_mismatch", `The disk gives back other bytes than were written to it, in MiB ${String(Math.floor(news.at / BLOCK_BYTES))}.`, this.#field));
        break;
      case "failed":
        this.#fail(new Error(`reading back: ${news.text}`));
        break;
      case "digests":
        this.#ended.resolve(news);
        break;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#ended.reject(error);
    this.#wake();
  }
}

function ignore(): void {
  // Nobody waits.
}
