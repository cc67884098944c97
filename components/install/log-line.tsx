import { memo } from "react";
import { formatClock, formatExact } from "#components/format.ts";
import type { InstallEntryView } from "#lib/domain/views.ts";
import { LogContent } from "./log-content.tsx";

/** One entry of the log. */
export const LogLine = memo(function LogLine({ entry }: { readonly entry: InstallEntryView }) {
  return (
    <div data-seq={entry.seq} className="flex gap-3">
      <time dateTime={entry.at} title={formatExact(entry.at)} className="shrink-0 text-faint select-none max-sm:hidden">
        {formatClock(entry.at)}
      </time>
      <span className="min-w-0 whitespace-pre-wrap wrap-anywhere">
        <LogContent said={entry} />
      </span>
    </div>
  );
});
