import { appendFile, rename, stat } from "node:fs/promises";
import type { Logger } from "pino";
import { Scrubber, type ScrubPatterns } from "#lib/domain/scrub.ts";
import { isMissing } from "../files.ts";
import type { HostKeyReader } from "./host-key-reader.ts";

/** One generation of a serial log; the one before is kept as `.1`. */
const GENERATION_BYTES = 1_048_576;
/** What a guest may say at once, and then in each second. */
const BURST_BYTES = 1_048_576;
const BYTES_PER_SECOND = 131_072;

/**
 * A guest's serial console on its way to `serial.log`: scrubbed before a byte is written, capped in rate and size (design:
 * "install logs, progress messages, serial log").
 *
 * Without patterns it writes nothing: after a restart the agent no longer has the values of the instance's private and
 * secret parameters, so it leaves out what the guest says, with a notice (design: "A restarted log reader reads nothing
 * before it has the values again"). The next install brings values, and the log goes on.
 */
export class SerialLog {
  readonly #path: string;
  readonly #log: Logger;
  #scrubber: Scrubber | null = null;
  #patterns: ScrubPatterns | null = null;
  #writing: Promise<void> = Promise.resolve();
  #size: number | null = null;
  #tokens = BURST_BYTES;
  #at = performance.now();
  #left = 0;
  #hasToldClosed = false;
  readonly #watches = new Set<MarkerWatch>();
  /** Reads what is scrubbed. */
  readonly #hostKeys: HostKeyReader | null;

  constructor(path: string, log: Logger, hostKeys: HostKeyReader | null = null) {
    this.#path = path;
    this.#log = log;
    this.#hostKeys = hostKeys;
  }

  get patterns(): ScrubPatterns | null {
    return this.#patterns;
  }

  /** From here on these values are replaced; null: nothing is written. */
  setPatterns(patterns: ScrubPatterns | null): void {
    this.flush();
    this.#patterns = patterns;
    this.#scrubber = patterns === null ? null : new Scrubber(patterns);
    this.#hasToldClosed = false;
  }

  /** Takes what the guest says. */
  readonly take = (bytes: Buffer): void => {
    for (const watch of this.#watches) watch.take(bytes);
    if (this.#scrubber === null) {
      if (!this.#hasToldClosed) {
        this.#hasToldClosed = true;
        this.#write(Buffer.from("\n[slipway: the agent was restarted and no longer has the values to be left out; the console isn't logged]\n"));
      }
      return;
    }
    const now = performance.now();
    this.#tokens = Math.min(BURST_BYTES, this.#tokens + ((now - this.#at) / 1_000) * BYTES_PER_SECOND);
    this.#at = now;
    if (this.#tokens < bytes.length) {
      this.#left += bytes.length;
      // The half of a value may be what was held back.
      this.#scrubber.cut();
      this.#hostKeys?.cut();
      return;
    }
    this.#tokens -= bytes.length;
    let kept = bytes;
    if (this.#left > 0) {
      // What comes first may be the other half of a value whose beginning was left out: it goes on with a new line.
      const lineEnd = bytes.indexOf(10);
      kept = lineEnd < 0 ? bytes.subarray(bytes.length) : bytes.subarray(lineEnd + 1);
      this.#left += bytes.length - kept.length;
      if (kept.length === 0) return;
      this.#write(Buffer.from(`\n[slipway: ${String(this.#left)} bytes came too quickly and were left out]\n`));
      this.#left = 0;
    }
    this.#pass(this.#scrubber.write(kept));
  };

  /** Writes what is held back: the guest says no more. */
  flush(): void {
    if (this.#scrubber !== null) this.#pass(this.#scrubber.end());
  }

  /** Resolves when everything taken so far is in the file. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Calls `onSeen` once, when the marker appears on the console. Returns what ends the watching. */
  watch(marker: string, onSeen: () => void): () => void {
    const watch = new MarkerWatch(Buffer.from(marker, "utf8"), () => {
      this.#watches.delete(watch);
      onSeen();
    });
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  #pass(scrubbed: Buffer): void {
    this.#hostKeys?.take(scrubbed);
    this.#write(scrubbed);
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#writing = this.#writing
      .then(() => this.#append(bytes))
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, "the serial log can't be written");
      });
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#size ??= await sizeOf(this.#path);
    if (this.#size + bytes.length > GENERATION_BYTES && this.#size > 0) {
      await rename(this.#path, `${this.#path}.1`);
      this.#size = 0;
    }
    await appendFile(this.#path, bytes, { mode: 0o600 });
    this.#size += bytes.length;
  }
}

/** Looks for a text in a stream, also where it is split. Keeps no more than the marker's length. */
class MarkerWatch {
  readonly #marker: Buffer;
  readonly #onSeen: () => void;
  #tail: Buffer = Buffer.alloc(0);

  constructor(marker: Buffer, onSeen: () => void) {
    this.#marker = marker;
    this.#onSeen = onSeen;
  }

  take(bytes: Buffer): void {
    const seen = Buffer.concat([this.#tail, bytes]);
    if (seen.includes(this.#marker)) this.#onSeen();
    else this.#tail = seen.subarray(Math.max(0, seen.length - this.#marker.length + 1));
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
