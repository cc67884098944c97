import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Comparisons of one process. Beyond these they wait for a turn, and beyond that they are refused. */
export const COMPARISON_LIMITS = {
  /** That run at the same time: of all, and of one account. */
  running: { process: 2, account: 1 },
  /** That wait for one of those to end. Each ends within seconds (diff-files.ts). */
  waiting: { process: 16, account: 1 },
} as const;

interface Waiting {
  readonly account: string;
  readonly begin: () => void;
}

/** Who compares versions now. A comparison takes time of a process that everybody shares, and whoever has an account can ask for one. */
export class ComparisonGate {
  readonly #running: string[] = [];
  readonly #waiting: Waiting[] = [];

  /** Runs a comparison in its turn. @throws SlipwayError `too_many_requests` */
  async run<T>(account: string, compare: () => Promise<T>): Promise<T> {
    await this.#enter(account);
    try {
      return await compare();
    } finally {
      this.#running.splice(this.#running.indexOf(account), 1);
      this.#callNext();
    }
  }

  async #enter(account: string): Promise<void> {
    if (this.#isFreeFor(account)) {
      this.#running.push(account);
      return;
    }
    const own = this.#waiting.filter((one) => one.account === account).length;
    if (own >= COMPARISON_LIMITS.waiting.account || this.#waiting.length >= COMPARISON_LIMITS.waiting.process) {
      throw new SlipwayError("too_many_requests", "Other versions are being compared; ask again in a moment.");
    }
    await new Promise<void>((resolve) => this.#waiting.push({ account, begin: resolve }));
  }

  #isFreeFor(account: string): boolean {
    const own = this.#running.filter((one) => one === account).length;
    return this.#running.length < COMPARISON_LIMITS.running.process && own < COMPARISON_LIMITS.running.account;
  }

  /** The first who may: one account that waits for itself doesn't keep others waiting. */
  #callNext(): void {
    const index = this.#waiting.findIndex(({ account }) => this.#isFreeFor(account));
    const [next] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (next === undefined) return;
    this.#running.push(next.account);
    next.begin();
  }
}

/** One for the process, however many copies of this module its bundles have. */
const GATE = Symbol.for("slipway.comparison-gate");
// The property is this module's own, under a symbol that nothing else uses.
const slot = globalThis as { [GATE]?: ComparisonGate };

/** Runs a comparison for whoever asks for it, in its turn. @throws SlipwayError `too_many_requests` */
export function inComparisonTurn<T>({ identity }: RequestContext, compare: () => Promise<T>): Promise<T> {
  const gate = slot[GATE] ?? new ComparisonGate();
  slot[GATE] = gate;
  return gate.run(identity.kind === "user" ? identity.userId : identity.name, compare);
}
