import type { FeedPayload } from "#lib/domain/feed.ts";
import type { Transaction } from "#lib/db/client.ts";
import { CHANNELS } from "#lib/db/listen.ts";

/** Something that browsers and scripts should hear of. */
export interface NewEvent {
  readonly payload: FeedPayload;
  /** Who may see it beside administrators: the owner of the object. Null: whoever may see that kind of object. */
  readonly ownerId: string | null;
}

/** The lock under which events get their numbers, among the advisory locks of the database. */
const APPEND_LOCK = 736_001;

/**
 * Adds events to the feed, as the LAST statement of a transaction.
 *
 * Numbers are given under a lock that is held until the commit: an event never becomes visible after one with a higher
 * number, so a reader that remembers the last number it saw misses nothing. Whatever came after this in the transaction
 * would hold up every other writer.
 */
export async function appendEvents(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${APPEND_LOCK})`;
  await tx.event.createMany({
    data: events.map(({ payload, ownerId }) => ({ type: payload.type, objectId: objectOf(payload), ownerId, payload: { ...payload } })),
  });
  await tx.$executeRaw`SELECT pg_notify(${CHANNELS.events}, '')`;
}

function objectOf(payload: FeedPayload): string {
  switch (payload.type) {
    case "instance.changed":
    case "instance.deleted":
    case "instance.lines":
    case "node.changed":
    case "network.changed":
    case "os.changed":
      return payload.name;
    case "job.changed":
      return String(payload.jobId);
    case "install.progress":
      return payload.installId;
    case "cluster.changed":
    case "feed.reset":
      return "cluster";
  }
}
