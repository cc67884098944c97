import type { StoredEvent } from "#lib/context/context.ts";

/**
 * What waits for one subscriber. Bounded: a subscriber that falls behind by more is ended, and takes up again from the
 * table with the last id that it saw (design: a slow browser costs no memory).
 */
export class EventQueue {
  readonly #limit: number;
  #waiting: StoredEvent[] = [];
  #wake: (() => void) | null = null;
  #ended = false;
  /** True where it was ended for being slow. */
  overrun = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(event: StoredEvent): void {
    if (this.#ended) return;
    if (this.#waiting.length >= this.#limit) {
      this.overrun = true;
      this.end();
      return;
    }
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** Nothing more comes; what waits is forgotten. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#wake?.();
  }

  /** Everything that waits, once there is something; null at the end. One caller at a time. */
  async take(): Promise<readonly StoredEvent[] | null> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
