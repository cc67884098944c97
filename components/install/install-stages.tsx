import { formatClock, formatDuration } from "#components/format.ts";
import { INSTALL_STATE } from "#components/status/statuses.ts";
import type { InstallView } from "#lib/domain/views.ts";
import { shownStages } from "./stages.ts";

/** The stages with the time at which each began, as the node said, and how long it took. */
export function InstallStages({ view }: { readonly view: Pick<InstallView, "stages" | "endedAt"> }) {
  const stages = shownStages(view);
  if (stages.length === 0) return null;
  return (
    <section aria-label="Stages" className="mt-5 rounded-md border border-line bg-panel px-4 py-3">
      <ol className="flex flex-wrap gap-x-6 gap-y-2 text-small">
        {stages.map(({ state, at, seconds }) => (
          <li key={state} className="flex flex-col">
            <span className="whitespace-nowrap">{INSTALL_STATE[state].word}</span>
            <span className="text-soft">
              <time dateTime={at} title={at} className="font-mono">
                {formatClock(at).slice(0, 8)}
              </time>
              {seconds === null ? null : ` · ${formatDuration(seconds)}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
