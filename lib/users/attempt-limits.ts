import type { AttemptLimits } from "#lib/context/context.ts";

/** Tries that somebody has at once, and the milliseconds after which one comes back. */
const BURST = 10;
const REFILL_MILLISECONDS = 6_000;
/** Pairs that are remembered. */
const MOST_PAIRS = 10_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Limits tries to sign in by pair of name and address: whoever guesses uses up their own tries, and the account's owner,
 * coming from elsewhere, never notices.
 *
 * @param now milliseconds; given by tests.
 */
export function createAttemptLimits(now: () => number = () => performance.now()): AttemptLimits {
  const buckets = new Map<string, Bucket>();

  return {
    begin(name, address) {
      const key = keyOf(name, address);
      const at = now();
      const bucket = buckets.get(key) ?? { left: BURST, at };
      bucket.left = Math.min(BURST, bucket.left + (at - bucket.at) / REFILL_MILLISECONDS);
      bucket.at = at;
      buckets.delete(key);
      buckets.set(key, bucket); // last used last
      const oldest = buckets.keys().next();
      if (buckets.size > MOST_PAIRS && oldest.done !== true) buckets.delete(oldest.value);
      if (bucket.left < 1) return false;
      bucket.left -= 1;
      return true;
    },
    succeeded(name, address) {
      buckets.delete(keyOf(name, address));
    },
  };
}

function keyOf(name: string, address: string | null): string {
  return JSON.stringify([name, address]);
}
