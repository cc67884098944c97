"use client";

import { useReducer } from "react";
import { useLive } from "#components/live/use-live.ts";
import { ACTIVE_STATES, isFinal } from "#lib/domain/install-states.ts";
import type { InstallState } from "#lib/domain/install-states.ts";

/** The little that a bar in a row needs. */
export interface Glance {
  readonly id: string;
  readonly state: InstallState;
  readonly percent: number | null;
  readonly step: string | null;
}

/** The one of two glances at an install that is further along: pages and events pass each other on the way. */
export function furtherAlong(a: Glance, b: Glance): Glance {
  if (a.id !== b.id) return b;
  const difference = rank(a.state) - rank(b.state);
  if (difference !== 0) return difference > 0 ? a : b;
  return (a.percent ?? -1) > (b.percent ?? -1) ? a : b;
}

function rank(state: InstallState): number {
  return isFinal(state) ? ACTIVE_STATES.length : ACTIVE_STATES.indexOf(state);
}

/** An install as the page had it, moved on by what the stream says since. */
export function useGlance(initial: Glance): Glance {
  const [heard, hear] = useReducer((before: Glance, next: Glance) => furtherAlong(before, next), initial);
  useLive((event) => {
    if (event === "resync" || event.payload.type !== "install.progress" || event.payload.installId !== initial.id) return;
    const { state, percent, step } = event.payload;
    hear({ id: initial.id, state, percent, step });
  });
  return furtherAlong(heard, initial);
}
