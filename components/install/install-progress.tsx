"use client";

import { INSTALL_STATE } from "#components/status/statuses.ts";
import { formatDuration, formatElapsed, formatPercent, secondsBetween } from "#components/format.ts";
import { Progress } from "#components/ui/progress.tsx";
import { useNow } from "#components/ui/clock.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { InstallView } from "#lib/domain/views.ts";
import { remainingText } from "./remaining.ts";
import { stepLabel } from "./steps.ts";

/** Seconds of silence after which it is said that nothing is heard, in the states in which the guest has something to say. */
const SILENCE = 10;
const TALKING: ReadonlySet<InstallView["state"]> = new Set(["installing", "personalizing"]);

/** The figure, the bar, elapsed and expected time: the head of the picture. */
export function InstallProgress({ view }: { readonly view: InstallView }) {
  const now = useNow();
  const final = isFinal(view.state);
  const elapsed = elapsedSeconds(view, now);
  return (
    <div className="px-5 pt-5 pb-3">
      <p className="text-figure font-semibold">{figureOf(view)}</p>
      <Progress
        percent={view.state === "done" ? 100 : view.percent}
        label={`Install of ${view.instanceName}`}
        size="large"
        tone={view.state === "failed" || view.state === "timed_out" ? "bad" : view.state === "cancelled" ? "still" : "work"}
        className="mt-3 mb-2"
      />
      <p className="flex flex-wrap justify-between gap-x-4 text-soft">
        <span>{elapsed === null ? "not begun" : final ? formatDuration(elapsed) : formatElapsed(elapsed)}</span>
        <span>{final ? null : remainingText(view.expectedSeconds, elapsed)}</span>
      </p>
      {final ? null : <Silence view={view} now={now} />}
    </div>
  );
}

function figureOf(view: InstallView): string {
  if (view.state === "done") return view.confirmed === false ? "Unconfirmed" : "100 %";
  if (isFinal(view.state)) return INSTALL_STATE[view.state].word;
  return view.percent === null ? INSTALL_STATE[view.state].word : formatPercent(view.percent);
}

/** Seconds since it began, or that it took; null before. */
export function elapsedSeconds(view: Pick<InstallView, "startedAt" | "endedAt">, now: number): number | null {
  if (view.startedAt === null) return null;
  return Math.max(0, secondsBetween(view.startedAt, view.endedAt ?? now));
}

function Silence({ view, now }: { readonly view: InstallView; readonly now: number }) {
  // Before its first word, silence counts from where it could have said one.
  const since = view.lastContactAt ?? view.stages.findLast(({ state }) => state === view.state)?.at ?? null;
  if (since === null || !TALKING.has(view.state)) return null;
  const silent = Math.floor(secondsBetween(since, now));
  return silent < SILENCE ? null : <p className="mt-1 text-wait">{view.lastContactAt === null ? "No contact yet, for" : "No contact for"} {formatElapsed(silent)}</p>;
}

/** Read out politely: each step, and each quarter of the way. */
export function InstallAnnouncement({ view }: { readonly view: InstallView }) {
  const quarter = view.percent === null ? 0 : Math.floor(view.percent / 25) * 25;
  const step = view.step === null ? "" : `: ${stepLabel(view, view.step)}`;
  const text = isFinal(view.state)
    ? `${view.instanceName}: ${INSTALL_STATE[view.state].word}${view.error === null ? "" : `. ${view.error.message}`}`
    : `${INSTALL_STATE[view.state].word}${step}${quarter === 0 ? "" : `, ${quarter} %`}`;
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {text}
    </p>
  );
}
