/**
 * What allows an agent to finish an install (design: "an agent without a lease never swaps"). Once it has run out it stays so:
 * a controller may have called the install failed.
 */
export class Lease {
  #timer: NodeJS.Timeout | null;
  /** Milliseconds of a clock that only goes forward; a timer alone may come late on a busy machine. */
  #until: number;
  #hasExpired = false;
  readonly #onExpired: () => void;

  constructor(seconds: number, onExpired: () => void) {
    this.#onExpired = onExpired;
    this.#until = performance.now() + seconds * 1_000;
    this.#timer = this.#arm();
  }

  get isHeld(): boolean {
    return !this.#hasExpired && performance.now() < this.#until;
  }

  /** False where it has run out. A renewal never shortens it. */
  renew(seconds: number): boolean {
    if (!this.isHeld || this.#timer === null) return false;
    this.#until = Math.max(this.#until, performance.now() + seconds * 1_000);
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
    return true;
  }

  /** The install no longer needs it. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#hasExpired = true;
        this.#onExpired();
      },
      Math.max(0, this.#until - performance.now()),
    );
  }
}
