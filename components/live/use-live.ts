"use client";

import { use, useEffect, useEffectEvent } from "react";
import { RenderedAt } from "#components/ui/clock.ts";
import { useLiveFeed } from "./live-provider.tsx";
import type { LiveListener } from "./live-feed.ts";

/** Calls back with events from the time at which the page was made. */
export function useLive(listener: LiveListener): void {
  const feed = useLiveFeed();
  const since = use(RenderedAt);
  const hear = useEffectEvent(listener);
  // Not again when the page is refreshed: what happened before that is in it.
  const from = useEffectEvent(() => since);
  useEffect(() => feed.listen((event) => hear(event), from()), [feed]);
}
