import { type FileHandle, open } from "node:fs/promises";

/** A new file that is written from its beginning to its end. */
export class FileSink {
  readonly #handle: FileHandle;
  #pending: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(path: string): Promise<FileSink> {
    return new FileSink(await open(path, "wx", 0o600));
  }

  /** Begins to write a piece, once the one before is written: two are in use at most, this one and the next that the caller makes. */
  async write(piece: Buffer): Promise<void> {
    await this.#pending;
    this.#pending = this.#handle.writeFile(piece);
    // Met by the next write, or by the end.
    this.#pending.catch(() => undefined);
  }

  /** Waits for the last piece. @throws what writing it met */
  async finish(): Promise<void> {
    await this.#pending;
  }

  /** Can follow whatever happened. */
  async close(): Promise<void> {
    await this.#pending.catch(() => undefined);
    await this.#handle.close();
  }
}

/** Keeps a copy of what passes by, as far as that goes: where it can't be written, nobody but the next one misses it. */
export class SideSink {
  #sink: FileSink | null;

  private constructor(sink: FileSink | null) {
    this.#sink = sink;
  }

  /** @param path null: nothing is kept */
  static async create(path: string | null): Promise<SideSink> {
    return new SideSink(path === null ? null : await FileSink.create(path).catch(() => null));
  }

  /** Whether all that was written is there. */
  async isWhole(): Promise<boolean> {
    await this.#sink?.finish().catch(() => this.#abandon());
    return this.#sink !== null;
  }

  async write(piece: Buffer): Promise<void> {
    await this.#sink?.write(piece).catch(() => this.#abandon());
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }

  async #abandon(): Promise<void> {
    const sink = this.#sink;
    this.#sink = null;
    await sink?.close();
  }
}
