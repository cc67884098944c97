"use client";

import { useSyncExternalStore } from "react";

const never = (): (() => void) => () => undefined;

/**
 * Whether the page has come alive. Until then a form would be sent by the browser itself, so its button waits: what is typed
 * into it must go nowhere but where our code sends it.
 */
export function useAlive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
