import type { NewEvent } from "#lib/events/append-events.ts";

/**
 * That a definition changed, for those who may hear of it: everybody where it is the cluster's own, otherwise once for each who
 * sees it. An event has one owner, so that it is narrowed without a look at anything else.
 *
 * @param people ids of its owner and of those with whom it is, or until now was, shared; not looked at for the cluster's own.
 */
export function definitionEvents(name: string, ownerId: string | null, people: readonly string[]): NewEvent[] {
  const payload = { type: "os.changed", name } as const;
  if (ownerId === null) return [{ payload, ownerId: null }];
  return [...new Set([ownerId, ...people])].map((userId) => ({ payload, ownerId: userId }));
}
