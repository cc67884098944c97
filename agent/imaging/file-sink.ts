import { type FileHandle, open } from "node:fs/promises";

/** A new file that is written from its beginning to its end. */
export class FileSink {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(path: string): Promise<FileSink> {
    return new FileSink(await open(path, "wx", 0o600));
  }

  async write(piece: Buffer): Promise<void> {
    await this.#handle.writeFile(piece);
  }

  async close(): Promise<void> {
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

  /** Whether all that was written so far is there. */
  get isWhole(): boolean {
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
