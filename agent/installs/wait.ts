/** A wait that somebody else than who is waited for can end. */
export class Wait {
  /** Who did: an administrator, or the clock. */
  readonly ended: Promise<"completed" | "late">;
  readonly close: () => void;
  #end: (by: "completed" | "late") => void = () => undefined;

  constructor(onClose: () => void) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.close = onClose;
  }

  /** The first one counts. */
  end(by: "completed" | "late"): void {
    this.#end(by);
  }
}
