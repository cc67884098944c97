import { formatDuration, formatElapsed } from "#components/format.ts";

/** How far beyond what was expected an install is when that is worth a word: half of all take longer than the median. */
const LONG = 1.25;

/**
 * What is expected still, from what such installs took before. Nothing, once the estimate is over: then nobody knows.
 *
 * @param expected seconds; null: no such install was seen yet. @param elapsed seconds; null: it hasn't begun.
 */
export function remainingText(expected: number | null, elapsed: number | null): string | null {
  if (expected === null || elapsed === null) return null;
  if (elapsed > expected * LONG) return `longer than usual (${formatDuration(expected)})`;
  const left = expected - elapsed;
  return left < 1 ? null : `about ${formatElapsed(left)} left`;
}
