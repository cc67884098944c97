import type { ChannelLineView } from "#lib/domain/network.ts";

/** Lines that the page holds at most; a cluster keeps no more of one instance. */
export const HELD = 500;
/** Lines that are asked for at once. */
export const PART = 100;

/** A part of a channel's lines as the API gives it: newest first. */
export interface ChannelPart {
  readonly items: readonly ChannelLineView[];
  /** What `before` has to be for the part before this one; null: there is none. */
  readonly next: string | null;
}

/** What is held: oldest first, without gaps up to the newest. */
export interface ChannelWindow {
  readonly lines: readonly ChannelLineView[];
  /** For the part before what is held; null: there is none. */
  readonly earlier: string | null;
}

export function windowOf(part: ChannelPart): ChannelWindow {
  return { lines: part.items.toReversed(), earlier: part.next };
}

/** Adds the newest lines. Where they don't reach back to what is held, there are others between, and what is held gives way. */
export function addNewest(held: ChannelWindow, part: ChannelPart): ChannelWindow {
  const known = new Set(held.lines.map(({ id }) => id));
  const fresh = part.items.filter(({ id }) => !known.has(id)).toReversed();
  if (fresh.length === part.items.length && part.next !== null) return windowOf(part);
  if (fresh.length === 0) return held;
  const lines = [...held.lines, ...fresh];
  const kept = lines.slice(-HELD);
  return { lines: kept, earlier: kept.length < lines.length ? (kept[0]?.id ?? null) : held.earlier };
}

/** Adds the lines before what is held. */
export function addEarlier(held: ChannelWindow, part: ChannelPart): ChannelWindow {
  const known = new Set(held.lines.map(({ id }) => id));
  const older = part.items.filter(({ id }) => !known.has(id)).toReversed();
  return { lines: [...older, ...held.lines], earlier: part.next };
}
