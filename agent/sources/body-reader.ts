import type { IncomingMessage } from "node:http";
import { connectionError } from "./request-once.ts";
import { abortError, PassingFailure } from "./source-error.ts";

/** An answer's body, piece by piece, as fast as its reader asks. Waiting for a piece is limited; a slow reader isn't the server's fault. */
export class BodyReader {
  readonly #response: IncomingMessage;
  readonly #host: string;
  readonly #field: string;
  #failure: Error | null = null;
  #wake: () => void = ignore;

  /** @param host for messages */
  constructor(response: IncomingMessage, host: string, field: string) {
    this.#response = response;
    this.#host = host;
    this.#field = field;
    const happened = (): void => this.#wake();
    response.on("readable", happened).on("end", happened);
    response.on("error", (error) => {
      this.#failure ??= connectionError(error, host, field);
      this.#wake();
    });
    response.on("close", () => {
      if (!response.readableEnded) this.#failure ??= new PassingFailure(`The connection to ${host} broke off.`, field);
      this.#wake();
    });
  }

  get statusCode(): number | undefined {
    return this.#response.statusCode;
  }

  /**
   * The next piece; null at the end of the body.
   *
   * @param stallMs how long to wait for it
   * @throws PassingFailure, or the signal's own error
   */
  async next(stallMs: number, signal: AbortSignal): Promise<Buffer | null> {
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      // The stream gives buffers: no encoding is set on it.
      const piece = this.#response.read() as Buffer | null;
      if (piece !== null) return piece;
      if (this.#response.readableEnded) return null;
      if (this.#failure !== null) throw this.#failure;
      await this.#something(stallMs, signal);
    }
  }

  /** Gives back the end of a piece. */
  putBack(rest: Buffer): void {
    this.#response.unshift(rest);
  }

  close(): void {
    this.#response.destroy();
  }

  async #something(stallMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => reject(new PassingFailure(`${this.#host} stopped sending.`, this.#field)), stallMs);
    const happened = (): void => resolve(undefined);
    signal.addEventListener("abort", happened, { once: true });
    this.#wake = happened;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", happened);
    }
  }
}

function ignore(): void {
  // Nobody waits.
}
