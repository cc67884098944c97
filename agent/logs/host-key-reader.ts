import type { HostKey } from "#lib/agent-protocol/messages.ts";
import { LineSplitter } from "#lib/domain/guest-lines.ts";
import { parseSshPublicKey, SSH_KEY_LENGTH } from "#lib/domain/ssh-keys.ts";

/** cloud-init's own marks; what is installed here prints the same. */
const BEGIN = "-----BEGIN SSH HOST KEY KEYS-----";
const END = "-----END SSH HOST KEY KEYS-----";
const MOST_KEYS = 8;
/** A console that shows other keys again and again is heard no more often than this. */
const PAUSE_MS = 5_000;

/**
 * Finds the public SSH host keys that an installed system shows on its console, between its marks. Takes what is scrubbed already:
 * a key that holds a value of a parameter isn't one afterwards. Calls `onKeys` when the set is another than before.
 */
export class HostKeyReader {
  readonly #onKeys: (keys: HostKey[]) => void;
  #lines: LineSplitter;
  #isOpen = false;
  /** Keys since the last beginning; null: outside of the marks. */
  #found: HostKey[] | null = null;
  #told = "";
  #waiting: HostKey[] | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(onKeys: (keys: HostKey[]) => void) {
    this.#onKeys = onKeys;
    this.#lines = this.#splitter();
  }

  /** The instance's own system runs from here on: what an appliance shows on the same console are nobody's keys. */
  open(): void {
    this.cut();
    this.#isOpen = true;
  }

  /** It has ended: nothing more comes, and what waits is told. */
  close(): void {
    this.cut();
    this.#isOpen = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#tellWaiting();
  }

  take(bytes: Buffer): void {
    if (this.#isOpen) this.#lines.write(bytes);
  }

  /** Something of the console is missing here: what was begun isn't a whole. */
  cut(): void {
    this.#lines = this.#splitter();
    this.#found = null;
  }

  /** Another system is on the disk from here on: its keys are told whatever they are. */
  forget(): void {
    this.#told = "";
  }

  #splitter(): LineSplitter {
    return new LineSplitter(SSH_KEY_LENGTH, (line, cut) => {
      if (cut === 0) this.#takeLine(line.toString("latin1").replace(/\r+$/, ""));
    });
  }

  #takeLine(line: string): void {
    if (line === BEGIN) {
      this.#found = [];
      return;
    }
    if (this.#found === null) return;
    if (line === END) {
      if (this.#found.length > 0) this.#offer(this.#found);
      this.#found = null;
      return;
    }
    const key = parseSshPublicKey(line);
    if (key !== null && this.#found.length < MOST_KEYS && !this.#found.some((known) => known.key === key.key)) this.#found.push({ type: key.type, key: key.key });
  }

  #offer(keys: HostKey[]): void {
    this.#waiting = keys;
    if (this.#timer === null) this.#tellWaiting();
  }

  #tellWaiting(): void {
    const keys = this.#waiting;
    this.#waiting = null;
    if (keys === null) return;
    const told = keys.map(({ type, key }) => `${type} ${key}`).sort().join("\n");
    if (told === this.#told) return;
    this.#told = told;
    this.#onKeys(keys);
    if (!this.#isOpen) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tellWaiting();
    }, PAUSE_MS);
    this.#timer.unref();
  }
}
