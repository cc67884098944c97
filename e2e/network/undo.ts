/** What a test has set up and has to take down again, the last thing first; also where setting up stopped halfway. */
export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  push(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Does all of it, whatever fails of it. @throws AggregateError of what failed */
  async all(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, "not everything could be taken down");
  }
}
