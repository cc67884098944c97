import type { InstallEntryView } from "#lib/domain/views.ts";

/** Lines that the page holds at most, whatever the guest says. */
export const WINDOW = 1000;
/** Lines that are asked for at once. */
export const CHUNK = 500;

/** A run of a log's entries without gaps, and what is known to lie before and after it. */
export interface LogWindow {
  readonly entries: readonly InstallEntryView[];
  /** Number of the last entry that there is. */
  readonly lastSeq: number;
}

export const EMPTY_LOG: LogWindow = { entries: [], lastSeq: 0 };

export function firstSeq(log: LogWindow): number {
  return log.entries[0]?.seq ?? log.lastSeq + 1;
}

/** The last entry that is held; where none is, the last that there is. */
export function endSeq(log: LogWindow): number {
  return log.entries.at(-1)?.seq ?? 0;
}

export function hasEarlier(log: LogWindow): boolean {
  return log.entries.length > 0 && firstSeq(log) > 1;
}

export function hasLater(log: LogWindow): boolean {
  return endSeq(log) < log.lastSeq;
}

/** Says that there are entries up to a number, held or not. */
export function extend(log: LogWindow, lastSeq: number): LogWindow {
  return lastSeq > log.lastSeq ? { ...log, lastSeq } : log;
}

/**
 * Adds entries at the end. Someone who follows loses the oldest ones; someone who reads further up keeps what is there, and
 * what has no room is left for later.
 */
export function append(log: LogWindow, added: readonly InstallEntryView[], following: boolean): LogWindow {
  const end = endSeq(log);
  const fresh = added.filter((entry) => entry.seq > end);
  // Never a gap: what doesn't follow on what is held is left, and asked for again.
  if (log.entries.length > 0 && fresh[0] !== undefined && fresh[0].seq > end + 1) return extend(log, fresh.at(-1)?.seq ?? 0);
  const all = [...log.entries, ...fresh];
  const entries = following ? all.slice(-WINDOW) : all.slice(0, Math.max(WINDOW, log.entries.length));
  return { entries, lastSeq: Math.max(log.lastSeq, fresh.at(-1)?.seq ?? 0) };
}

/** Adds entries at the beginning; what is too much goes at the end, and is there to be asked for again. */
export function prepend(log: LogWindow, added: readonly InstallEntryView[]): LogWindow {
  const begin = firstSeq(log);
  const entries = [...added.filter((entry) => entry.seq < begin), ...log.entries].slice(0, WINDOW);
  return { entries, lastSeq: Math.max(log.lastSeq, entries.at(-1)?.seq ?? 0) };
}

/** Starts anew from the end of the log. */
export function replace(log: LogWindow, entries: readonly InstallEntryView[]): LogWindow {
  return { entries: entries.slice(-WINDOW), lastSeq: Math.max(log.lastSeq, entries.at(-1)?.seq ?? 0) };
}
