/** Most bytes that wait for the guest. */
const MOST_WAITING_BYTES = 65_536;

/** What the host has to say to the guest: each byte once, empty when there is nothing, never blocking. */
export class ReadPipe {
  #waiting: Buffer[] = [];
  #length = 0;

  /** False where too much is waiting already. */
  put(bytes: Buffer): boolean {
    if (this.#length + bytes.length > MOST_WAITING_BYTES) return false;
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    return true;
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#length = 0;
    return bytes;
  }
}
