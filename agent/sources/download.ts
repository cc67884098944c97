import { setTimeout as pause } from "node:timers/promises";
import { type AnswerHead, bytesToSkip, readHead } from "./answer-head.ts";
import { FETCH_LIMITS, type FetchLimits, type FetchOptions } from "./fetch-options.ts";
import { BodyReader } from "./body-reader.ts";
import { openUrl } from "./open-url.ts";
import { abortError, PassingFailure, SourceChanged, sourceError } from "./source-error.ts";

/** A file on its way. `close` lets go of it; whoever reads it to its end needn't. */
export interface SourceStream {
  /** Of the whole; null: nobody says beforehand. */
  readonly bytes: number | null;
  readonly chunks: AsyncGenerator<Buffer, void, undefined>;
  close(): Promise<void>;
}

/**
 * Begins the download of a file. It goes on by itself after a failure in passing, from where it was (Range, If-Range), as often as its
 * limits say; the last error is the reason that is given. Aborts at any moment; nothing is left behind then.
 *
 * @throws SlipwayError source_refused, source_failed, too_large; SourceChanged, from `chunks` too, where only a new beginning helps;
 * the signal's own
 */
export async function openDownload(location: string, options: FetchOptions): Promise<SourceStream> {
  const download = new Download(location, options);
  try {
    return await download.begin();
  } catch (error) {
    await download.close();
    throw error;
  }
}

class Download {
  readonly #location: string;
  readonly #options: FetchOptions;
  readonly #limits: FetchLimits;
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #body: BodyReader | null = null;
  #first: AnswerHead | null = null;
  #received = 0;
  #failures = 0;

  constructor(location: string, options: FetchOptions) {
    this.#limits = options.limits ?? FETCH_LIMITS;
    this.#timer = setTimeout(() => this.#late.abort(sourceError("source_failed", "The download took longer than it may.", options.field)), this.#limits.totalMs);
    this.#location = location;
    this.#options = { ...options, signal: AbortSignal.any([options.signal, this.#late.signal]) };
  }

  async begin(): Promise<SourceStream> {
    while (this.#body === null) await this.#ask().catch((error: unknown) => this.#recover(error));
    const chunks = this.#chunks();
    return {
      bytes: this.#first?.bytes ?? null,
      chunks,
      close: async () => {
        await this.close();
        await chunks.return();
      },
    };
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#body?.close();
    return Promise.resolve();
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let over = false; !over; ) {
        const body = this.#body;
        if (body === null) {
          await this.#ask().catch((error: unknown) => this.#recover(error));
          continue;
        }
        try {
          for (let piece = await this.#next(body); piece !== null; piece = await this.#next(body)) yield piece;
          over = true;
        } catch (error) {
          await this.#recover(error);
        }
      }
    } finally {
      await this.close();
    }
  }

  /** After a failure in passing: pauses, and lets go of the answer that was there. @throws the error, where it is another or one too many */
  async #recover(error: unknown): Promise<void> {
    const { signal, field } = this.#options;
    this.#body?.close();
    this.#body = null;
    if (signal.aborted) throw abortError(signal);
    if (!(error instanceof PassingFailure)) throw error;
    this.#failures += 1;
    if (this.#failures >= this.#limits.tries) throw sourceError("source_failed", `${error.message} It was tried ${String(this.#failures)} times.`, field, error);
    await pause(this.#limits.pauseMs * 2 ** (this.#failures - 1), undefined, { signal }).catch(() => {
      throw abortError(signal);
    });
  }

  /** Asks for the file, or for the rest of it. */
  async #ask(): Promise<void> {
    const { field, isGzip = false, mostBytes } = this.#options;
    const first = this.#first;
    if (first !== null && this.#received > 0 && first.validator === null) {
      throw new SourceChanged("The download broke off, and the server gives nothing by which the rest could be known to belong to it.", field);
    }
    const headers = first === null || this.#received === 0 || first.validator === null ? {} : { Range: `bytes=${String(this.#received)}-`, "If-Range": first.validator };
    const { response, host } = await openUrl(this.#location, this.#options, headers);
    const body = new BodyReader(response, host, field);
    try {
      const now = readHead(response, host, field, isGzip);
      if (now.bytes !== null && now.bytes > mostBytes) throw tooLarge(mostBytes, field);
      if (first !== null) await this.#passOver(body, bytesToSkip(response, first, now, this.#received, host, field));
      this.#first ??= now;
      this.#body = body;
    } catch (error) {
      body.close();
      throw error;
    }
  }

  /** What a server that knows no ranges sends again. */
  async #passOver(body: BodyReader, bytes: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const piece = await body.next(this.#limits.stallMs, this.#options.signal);
      if (piece === null) throw new SourceChanged("What lies there is shorter than it was when its download began.", this.#options.field);
      if (piece.length > left) body.putBack(piece.subarray(left));
      left -= piece.length;
    }
  }

  /** The next piece; null: that was all of it, and as much as was said. */
  async #next(body: BodyReader): Promise<Buffer | null> {
    const { field, mostBytes, signal } = this.#options;
    const piece = await body.next(this.#limits.stallMs, signal);
    const total = this.#first?.bytes ?? null;
    this.#received += piece?.length ?? 0;
    if (this.#received > mostBytes) throw tooLarge(mostBytes, field);
    if (total !== null && (piece === null ? this.#received !== total : this.#received > total)) throw new PassingFailure("The server sent another number of bytes than it said.", field);
    return piece;
  }
}

function tooLarge(mostBytes: number, field: string): Error {
  return sourceError("too_large", `The file is larger than the ${String(Math.floor(mostBytes / 1_048_576))} MiB that are taken here.`, field);
}
