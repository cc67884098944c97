import { memo } from "react";
import { formatClock, formatExact, formatPercent } from "#components/format.ts";
import type { InstallEntryView } from "#lib/domain/views.ts";
import { logParts } from "./log-text.ts";

/** One entry of the log. Progress in the accent's colour, what the program itself says in its own. */
export const LogLine = memo(function LogLine({ entry }: { readonly entry: InstallEntryView }) {
  return (
    <div data-seq={entry.seq} className="flex gap-3">
      <time dateTime={entry.at} title={formatExact(entry.at)} className="shrink-0 text-faint select-none max-sm:hidden">
        {formatClock(entry.at)}
      </time>
      <span className="min-w-0 whitespace-pre-wrap wrap-anywhere">
        <Content entry={entry} />
      </span>
    </div>
  );
});

function Content({ entry }: { readonly entry: InstallEntryView }) {
  const text = entry.text === null || entry.text === "" ? null : <Parts text={entry.text} />;
  switch (entry.kind) {
    case "log":
      return text;
    case "progress":
      return (
        <>
          <span className="text-accent">
            {entry.step}
            {entry.percent === null ? null : ` ${formatPercent(entry.percent)}`}
          </span>{" "}
          {text}
        </>
      );
    case "state":
      return <span className="text-soft">— {text ?? entry.step} —</span>;
    case "notice":
      return <span className="text-wait">{text}</span>;
  }
}

function Parts({ text }: { readonly text: string }) {
  return logParts(text).map((part, index) =>
    part.kind === "text" ? (
      part.text
    ) : (
      <mark key={index} title="A private or secret value stood here. It was taken out on the node." className="rounded-sm bg-line px-1 text-soft">
        redacted
      </mark>
    ),
  );
}
