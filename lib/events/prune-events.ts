import type { Database } from "#lib/db/client.ts";

/** How long the feed is kept: long enough for a laptop that slept. Afterwards a client is told to read everything again. */
export const FEED_RETENTION_HOURS = 24;
/** Rows of one statement, so that none holds its locks for long. */
const BATCH_ROWS = 5_000;

/** Deletes events that are older than the retention, in batches. Returns how many went. Called by the worker's schedule. */
export async function pruneEvents(db: Database, signal?: AbortSignal): Promise<number> {
  let deleted = 0;
  let batch;
  do {
    batch = await db.$executeRaw`
      DELETE FROM event WHERE id IN (
        SELECT id FROM event WHERE at < now() - make_interval(hours => ${FEED_RETENTION_HOURS}::int) ORDER BY id LIMIT ${BATCH_ROWS}::int)`;
    deleted += batch;
  } while (batch === BATCH_ROWS && signal?.aborted !== true);
  return deleted;
}
