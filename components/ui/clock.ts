"use client";

import { createContext, use, useSyncExternalStore } from "react";

/**
 * One clock for everything that says "21 s ago". On the server and while the page comes alive it stands at the time at
 * which the page was made, so that both write the same; then it ticks, set to the server's time.
 */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let offset = 0;
let now = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  if (now === 0) now = Date.now() + offset;
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick(): void {
  now = Date.now() + offset;
  for (const listener of listeners) listener();
}

/** Sets the clock by the server's: the browser's own may be wrong. Less than two seconds are the way of the page, not a wrong clock. */
export function setClock(serverNow: number): void {
  const difference = serverNow - Date.now();
  offset = Math.abs(difference) < 2000 ? 0 : difference;
}

export const RenderedAt = createContext(0);

/** Milliseconds since the epoch, in steps of a second. */
export function useNow(): number {
  const renderedAt = use(RenderedAt);
  return useSyncExternalStore(
    subscribe,
    () => (now === 0 ? renderedAt : Math.max(now, renderedAt)),
    () => renderedAt,
  );
}
