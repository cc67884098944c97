import type { Duplex } from "node:stream";
import { SlipwayError } from "#lib/domain/errors.ts";
import { Scrubber, type ScrubPatterns } from "#lib/domain/scrub.ts";
import type { RunningGuest } from "../hypervisor/hypervisor.ts";

/** What may wait for a reader that doesn't keep up; beyond it output is left out, and said to be. */
const WAITING_BYTES = 262_144;
/**
 * A console is spoken with: what might be the beginning of a value can't be held back for ever. So much after the guest's last word it is
 * shown. What is as long as a value may be waits longer, for the rest of it to come.
 */
const SHORT_HOLD_MS = 100;
const LONG_HOLD_MS = 2_000;
/** Shorter values aren't looked for (design: visibility, "Scrubbing knows the bytes"). */
const SHORTEST_VALUE_BYTES = 6;

/**
 * Somebody at a guest's serial console, one at a time: what the guest says goes out, scrubbed, and what is typed goes in. The serial log
 * hears the same and knows nothing of it.
 */
export class InstanceConsole {
  #session: ConsoleSession | null = null;

  /**
   * Connects a stream to the guest until one of them ends.
   *
   * @param patterns values to be left out; null: nothing is
   * @param accept called once nothing speaks against it; gives the stream
   */
  connect(guest: RunningGuest, patterns: ScrubPatterns | null, accept: () => Duplex): void {
    if (this.#session !== null) throw new SlipwayError("conflict", "Somebody is at the instance's serial console: one can be there at a time.");
    const session = new ConsoleSession(guest, patterns, accept());
    this.#session = session;
    session.onEnd(() => {
      if (this.#session === session) this.#session = null;
    });
  }

  /** Takes what the guest says. */
  readonly take = (bytes: Buffer): void => {
    this.#session?.take(bytes);
  };

  setPatterns(patterns: ScrubPatterns): void {
    this.#session?.setPatterns(patterns);
  }

  /** The guest is gone, or the agent goes. */
  end(): void {
    this.#session?.end();
    this.#session = null;
  }
}

class ConsoleSession {
  readonly #stream: Duplex;
  #scrubber: Scrubber | null;
  #timer: NodeJS.Timeout | null = null;
  #left = 0;

  constructor(guest: RunningGuest, patterns: ScrubPatterns | null, stream: Duplex) {
    this.#stream = stream;
    this.#scrubber = patterns === null ? null : new Scrubber(patterns);
    stream.on("error", () => stream.destroy());
    stream.on("end", () => stream.end());
    stream.on("data", (bytes: Buffer) => {
      stream.pause();
      void guest.type(bytes).then(() => stream.resume());
    });
  }

  onEnd(listener: () => void): void {
    this.#stream.once("close", () => {
      this.#stopTimer();
      listener();
    });
  }

  take(bytes: Buffer): void {
    if (this.#stream.writableLength > WAITING_BYTES) {
      this.#left += bytes.length;
      this.#scrubber?.cut();
      return;
    }
    if (this.#left > 0) {
      this.#write(Buffer.from(`\r\n[slipway: ${String(this.#left)} bytes were left out]\r\n`));
      this.#left = 0;
    }
    this.#write(this.#scrubber?.write(bytes) ?? bytes);
    this.#holdForAWhile();
  }

  setPatterns(patterns: ScrubPatterns): void {
    this.#release();
    this.#scrubber = new Scrubber(patterns);
  }

  end(): void {
    this.#release();
    this.#stopTimer();
    this.#stream.end();
  }

  #holdForAWhile(): void {
    this.#stopTimer();
    const held = this.#scrubber?.heldBytes ?? 0;
    if (held === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#release();
      },
      held < SHORTEST_VALUE_BYTES ? SHORT_HOLD_MS : LONG_HOLD_MS,
    );
  }

  #release(): void {
    if (this.#scrubber !== null) this.#write(this.#scrubber.end());
  }

  #write(bytes: Buffer): void {
    if (bytes.length > 0 && this.#stream.writable) this.#stream.write(bytes);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
