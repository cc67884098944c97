/** While other guests ask too, a guest has so many turns at once, and then in each second. Nothing well-behaved needs so many. */
const BURST = 32;
const PER_SECOND = 2_000;
/** So long after its last request another guest still counts as one that asks; milliseconds. */
const RECENT_MS = 1_000;
/** What of a body is as much work as a request. */
const BYTES_PER_TURN = 4_096;
const MS_PER_TURN = 0.02;

export function turnsOf(bytes: number, workMs: number): number {
  return Math.max(bytes / BYTES_PER_TURN, workMs / MS_PER_TURN);
}

/** What one guest has had of the service's time. */
export class Share {
  turns = BURST;
  at = 0;
}

interface Asked {
  readonly share: Share;
  readonly at: number;
}

/**
 * Who is answered when, among the guests of one agent: a guest alone may have all of the agent's time, and waits for its turn as soon
 * as there is another, so that a flood from one doesn't slow its neighbours (design: "The guest is hostile"). A guest can have no more
 * waiting than its connections hold, and nothing is put off for longer than those take.
 */
export class Turns {
  #latest: Share | null = null;
  #latestAt = 0;
  /** The guest that asked last before the latest one began to. */
  #before: Asked | null = null;

  /** Milliseconds that this has to wait; 0: at once. `now`: of a clock that only goes forward. */
  take(share: Share, now: number, turns = 1): number {
    if (this.#latest !== share) {
      if (this.#latest !== null) this.#before = { share: this.#latest, at: this.#latestAt };
      this.#latest = share;
    }
    this.#latestAt = now;
    if (this.#before === null || this.#before.share === share || now - this.#before.at > RECENT_MS) {
      share.turns = BURST;
      share.at = now;
      return 0;
    }
    share.turns = Math.min(BURST, share.turns + ((now - share.at) / 1_000) * PER_SECOND) - turns;
    share.at = now;
    return share.turns >= 0 ? 0 : Math.ceil((-share.turns / PER_SECOND) * 1_000);
  }
}
