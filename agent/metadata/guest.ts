import type { Logger } from "pino";
import type { MetadataContent } from "./metadata-content.ts";
import { type NoticeKind, Notices } from "./notices.ts";
import { Tokens } from "./tokens.ts";
import { Share, Turns, turnsOf } from "./turns.ts";

/** Chunks of bodies that may come at once, and then in each second: each is nearly as much work as a request. */
const CHUNK_BURST = 2_000;
const CHUNKS_PER_SECOND = 2_000;

/** All guests of this process take turns with each other. */
const TURNS = new Turns();

/** One guest as the service knows it, over all of its listeners and connections. */
export class Guest {
  readonly content: MetadataContent;
  readonly log: Logger;
  readonly tokens = new Tokens();
  readonly #share = new Share();
  readonly #notices = new Notices();
  /** Bytes of bodies that may be taken at once; below 0, as much has been taken ahead. */
  #bytes: number;
  #bytesAt = performance.now();
  #chunks = CHUNK_BURST;
  #chunksAt = performance.now();
  connections = 0;
  /** Streams that are under way. */
  streams = 0;

  constructor(content: MetadataContent, log: Logger) {
    this.content = content;
    this.log = log;
    this.#bytes = content.write.limits.burstBytes;
  }

  /** Tells somebody, once in an hour. `cause`: what only the node's own log is told. */
  notice(kind: NoticeKind, cause?: unknown): void {
    const text = this.#notices.tell(kind, performance.now());
    if (text === null) return;
    this.content.onNotice(text);
    if (cause !== undefined) this.log.error({ err: cause }, "a metadata request failed");
  }

  /** Milliseconds that a request or a connection has to wait for its turn. */
  waitForTurn(): number {
    return TURNS.take(this.#share, performance.now());
  }

  /** Counts a chunk that is taken apart already. False: there are more than can be waited for. */
  spendChunk(): boolean {
    return this.#spendChunks(1);
  }

  #spendChunks(count: number): boolean {
    const now = performance.now();
    this.#chunks = Math.min(CHUNK_BURST, this.#chunks + ((now - this.#chunksAt) / 1_000) * CHUNKS_PER_SECOND) - count;
    this.#chunksAt = now;
    return this.#chunks >= -CHUNK_BURST;
  }

  /**
   * Milliseconds that a connection has to wait before it is read from, for the chunks that others have sent. One that needn't is taken
   * to send as many itself: those that wait with it would otherwise be read from all together.
   */
  waitToRead(): number {
    const missing = -this.#chunks - ((performance.now() - this.#chunksAt) / 1_000) * CHUNKS_PER_SECOND;
    if (missing > 0) return Math.ceil((missing / CHUNKS_PER_SECOND) * 1_000);
    if (missing > -CHUNK_BURST / 2) this.#spendChunks(CHUNK_BURST);
    return 0;
  }

  /** The same for a part of a stream, which nothing keeps in memory: it waits for other guests alone. */
  waitForStream(length: number, workMs: number): number {
    return TURNS.take(this.#share, performance.now(), turnsOf(length, workMs));
  }

  /** Milliseconds until the next part of a body may be taken in, after one of so many bytes that took so many milliseconds of work. */
  waitForBytes(length: number, workMs: number): number {
    const now = performance.now();
    const { burstBytes, bytesPerSecond } = this.content.write.limits;
    this.#bytes = Math.min(burstBytes, this.#bytes + ((now - this.#bytesAt) / 1_000) * bytesPerSecond) - length;
    this.#bytesAt = now;
    return Math.max(TURNS.take(this.#share, now, turnsOf(length, workMs)), this.#bytes >= 0 ? 0 : Math.ceil((-this.#bytes / bytesPerSecond) * 1_000));
  }
}
