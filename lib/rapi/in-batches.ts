/** Requests for single objects that are under way at once for one bulk list: fewer than the pool has connections. */
const AT_ONCE = 6;

/** Does something with each item, a few at a time, and keeps the order. What gives null is left out. */
export async function mapInBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R | null>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const batch = await Promise.all(items.slice(start, start + AT_ONCE).map(work));
    for (const result of batch) if (result !== null) results.push(result);
  }
  return results;
}
