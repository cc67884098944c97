/** `[seconds, microseconds]`, as jobs have their times. */
export function jobTime(at: string): readonly [number, number] {
  const ms = Date.parse(at);
  return [Math.floor(ms / 1000), (ms % 1000) * 1000];
}

/** Seconds with a fraction, as objects have theirs. */
export function objectTime(at: string): number {
  return Date.parse(at) / 1000;
}
