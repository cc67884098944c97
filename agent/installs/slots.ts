/** A queue for what the machine can do only so often at once. First come, first served. */
export class Slots {
  readonly #limit: number;
  #used = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves with what gives the place back, once there is one. Throws the signal's reason when aborted meanwhile. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#used >= this.#limit) await this.#wait(signal);
    else this.#used += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.#waiting.shift();
      // A place goes over to whoever waits without becoming free.
      if (next === undefined) this.#used -= 1;
      else next();
    };
  }

  get isFull(): boolean {
    return this.#used >= this.#limit;
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((candidate) => candidate !== onPlace);
        // The reason is the error that ends the install.
        reject(signal.reason as Error);
      };
      const onPlace = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(onPlace);
    });
  }
}
