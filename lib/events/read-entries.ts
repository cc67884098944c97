import type { Database } from "#lib/db/client.ts";
import type { FeedPayload } from "#lib/domain/feed.ts";
import type { InstallEntryView } from "#lib/domain/views.ts";

type Progress = Extract<FeedPayload, { type: "install.progress" }>;

/** More new entries than this in one event are left to the table. */
const MOST_ENTRIES = 1_000;
/** Reads that are kept for the other subscribers of the same install. */
const KEPT_READS = 32;

/** Reads the log entries that a progress event brings, once for all who watch the same install. */
export function createEntryReader(db: Database): (progress: Progress) => Promise<readonly InstallEntryView[] | null> {
  const kept = new Map<string, Promise<readonly InstallEntryView[]>>();
  return async ({ installId, firstSeq, lastSeq }) => {
    if (firstSeq === null || lastSeq === null || lastSeq - firstSeq >= MOST_ENTRIES) return null;
    const key = `${installId}:${firstSeq}-${lastSeq}`;
    const found = kept.get(key) ?? readEntries(db, installId, firstSeq, lastSeq);
    kept.delete(key);
    kept.set(key, found);
    const oldest = kept.keys().next();
    if (kept.size > KEPT_READS && oldest.done !== true) kept.delete(oldest.value);
    try {
      return await found;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  };
}

async function readEntries(db: Database, installId: string, firstSeq: number, lastSeq: number): Promise<readonly InstallEntryView[]> {
  const rows = await db.installEvent.findMany({
    where: { installId, seq: { gte: firstSeq, lte: lastSeq } },
    orderBy: { seq: "asc" },
  });
  return rows.map(({ seq, at, kind, author, text, step, percent }) => ({ seq, at: at.toISOString(), kind, author, text, step, percent }));
}
