"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { concerns } from "./interest.ts";
import type { Interest } from "./interest.ts";
import { useLive } from "./use-live.ts";

/** Milliseconds between two refreshes of a page, however much happens. */
const SPACING = 500;

/**
 * Makes the page anew on the server when something that it shows has changed: at once, and then as often as the spacing
 * and the server allow, one at a time.
 */
export function LiveRefresh({ interest }: { readonly interest: Interest }) {
  const router = useRouter();
  const [refreshing, startTransition] = useTransition();
  const wanted = useRef(false);
  const last = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const run = (): void => {
    timer.current = null;
    wanted.current = false;
    last.current = Date.now();
    startTransition(() => router.refresh());
  };
  const plan = (): void => {
    if (refreshing || timer.current !== null) {
      wanted.current = true;
      return;
    }
    timer.current = setTimeout(run, Math.max(0, last.current + SPACING - Date.now()));
  };

  useLive((event) => {
    if (event === "resync" || concerns(interest, event.payload)) plan();
  });
  // What came while the server was at work has to be asked for again.
  useEffect(() => {
    if (!refreshing && wanted.current) plan();
  });
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return null;
}
