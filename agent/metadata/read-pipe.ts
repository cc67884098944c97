import { type ChannelLimits, GUEST_LIMITS } from "#lib/domain/guest-lines.ts";

/** What the host has to say to the guest: each line once, empty when there is nothing, never blocking (design: "The service"). */
export class ReadPipe {
  readonly #limits: Pick<ChannelLimits, "waitingLines" | "waitingBytes">;
  #waiting: Buffer[] = [];
  #length = 0;

  constructor(limits: Pick<ChannelLimits, "waitingLines" | "waitingBytes"> = GUEST_LIMITS) {
    this.#limits = limits;
  }

  /** A line without its line feed. False where too much is waiting already: then nothing of it is kept. */
  putLine(line: string): boolean {
    return this.put(Buffer.from(`${line}\n`, "utf8"));
  }

  /** One or more lines with their line feeds, which the guest reads together. */
  put(bytes: Buffer): boolean {
    if (this.#waiting.length >= this.#limits.waitingLines || this.#length + bytes.length > this.#limits.waitingBytes) return false;
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    return true;
  }

  /** Everything that waits; it is gone here then. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#waiting, this.#length);
    this.#waiting = [];
    this.#length = 0;
    return bytes;
  }
}
