import type { EventFeed, FeedSubscription, StoredEvent } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import type { FeedEvent } from "#lib/domain/feed.ts";
import type { Logger } from "#lib/logging/logger.ts";
import { EventQueue } from "./event-queue.ts";
import { createEntryReader } from "./read-entries.ts";
import { parseStoredEvent } from "./stored-event.ts";

/** Rows of one read of the table. */
const READ_ROWS = 500;
/** Events that may wait for one subscriber before it counts as too slow. */
const QUEUE_LIMIT = 1_000;

export interface FeedHubOptions {
  readonly db: Database;
  readonly notifications: NotificationListener;
  readonly log: Logger;
  readonly queueLimit?: number;
}

/**
 * The feed of one process: woken by NOTIFY it reads new rows once, however many subscribers there are, and hands them
 * on in order.
 */
export async function openFeedHub(options: FeedHubOptions): Promise<EventFeed> {
  const { db, notifications, log } = options;
  const queues = new Set<EventQueue>();
  const listeners = new Set<(event: StoredEvent) => void>();
  const readEntries = createEntryReader(db);
  /** Id of the last row that was handed on. */
  let head = (await feedBounds(db)).last;
  let reading: Promise<void> | null = null;
  /** How often reading was asked for. */
  let asked = 0;
  /** In an object, because it changes while others are awaited. */
  const state = { closed: false };

  async function readNew(): Promise<void> {
    let rows;
    let begun: number;
    do {
      begun = asked;
      rows = await db.event.findMany({ where: { id: { gt: head } }, orderBy: { id: "asc" }, take: READ_ROWS });
      for (const row of rows) {
        head = row.id;
        const event = parseStoredEvent(row);
        if (event !== null) handOn(event);
      }
    } while ((begun !== asked || rows.length === READ_ROWS) && !state.closed);
  }

  function handOn(event: StoredEvent): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        log.error({ error }, "a listener of the feed failed");
      }
    }
    for (const queue of queues) queue.push(event);
  }

  function wake(): void {
    if (state.closed) return;
    asked += 1;
    reading ??= readNew()
      // The next notification, or the reconnection of the listener, reads on from the same place.
      .catch((error: unknown) => log.error({ error }, "the feed can't be read"))
      .finally(() => {
        reading = null;
      });
  }

  const stops = [notifications.on(CHANNELS.events, wake), notifications.onReconnect(wake)];
  wake(); // what was written between the first look and now

  async function* subscribe(subscription: FeedSubscription): AsyncGenerator<FeedEvent> {
    const { signal, visible } = subscription;
    const show = async (event: StoredEvent): Promise<FeedEvent> => ({
      id: event.id.toString(),
      at: event.at.toISOString(),
      payload: event.payload,
      entries: event.payload.type === "install.progress" && event.payload.installId === subscription.installId ? await readEntries(event.payload) : null,
    });

    const isOver = (): boolean => signal.aborted || state.closed;

    let position = head;
    if (subscription.after !== undefined) {
      const after = BigInt(subscription.after);
      const { first, last } = await feedBounds(db);
      if (after > last || (after < last && (first === null || after < first - 1n))) {
        yield { id: last.toString(), at: new Date().toISOString(), payload: { type: "feed.reset" }, entries: null };
        position = last;
      } else {
        position = after;
      }
    }
    // From the table up to where the hub stands; between that comparison and joining the hub nothing else runs.
    while (position < head && !isOver()) {
      const rows = await db.event.findMany({ where: { id: { gt: position } }, orderBy: { id: "asc" }, take: READ_ROWS });
      for (const row of rows) {
        position = row.id;
        const event = parseStoredEvent(row);
        if (event !== null && visible(event)) yield await show(event);
        if (isOver()) return;
      }
      if (rows.length === 0) break;
    }
    if (isOver()) return;

    const queue = new EventQueue(options.queueLimit ?? QUEUE_LIMIT);
    const end = (): void => queue.end();
    queues.add(queue);
    signal.addEventListener("abort", end, { once: true });
    try {
      for (let batch = await queue.take(); batch !== null; batch = await queue.take()) {
        for (const event of batch) {
          if (event.id <= position || !visible(event)) continue;
          if (isOver() || queue.overrun) break;
          yield await show(event);
        }
      }
      if (queue.overrun) log.info("a subscriber of the feed was too slow and has to take up again");
    } finally {
      queues.delete(queue);
      signal.removeEventListener("abort", end);
    }
  }

  return {
    subscribe,
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      state.closed = true;
      for (const stop of stops) stop();
      for (const queue of queues) queue.end();
      await reading;
    },
  };
}

interface FeedBounds {
  /** Oldest row that is still there. */
  readonly first: bigint | null;
  /** Highest number ever given. */
  readonly last: bigint;
}

async function feedBounds(db: Database): Promise<FeedBounds> {
  const [row] = await db.$queryRaw<{ first: bigint | null; newest: bigint | null; given: bigint }[]>`
    SELECT (SELECT min(id) FROM event) AS first, (SELECT max(id) FROM event) AS newest,
           (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_id_seq) AS given`;
  if (row === undefined) throw new Error("the feed has no bounds");
  // While rows are there, the newest visible one; numbers past it belong to transactions that aren't committed.
  return { first: row.first, last: row.newest ?? row.given };
}
