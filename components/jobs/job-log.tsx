import { formatClock, formatExact } from "#components/format.ts";
import type { JobDetail } from "#lib/domain/views.ts";

/** What the job itself said. */
export function JobLog({ log }: { readonly log: JobDetail["log"] }) {
  return (
    <div tabIndex={0} role="region" aria-label="Lines of the job's log, times in UTC" className="max-h-[480px] overflow-auto rounded-b-md bg-log p-3 font-mono text-small leading-[19px] -outline-offset-2">
      {log.map((line) => (
        <div key={line.serial} className="flex gap-3">
          <time dateTime={line.at} title={formatExact(line.at)} className="shrink-0 text-faint select-none">
            {formatClock(line.at)}
          </time>
          <span className="min-w-0 whitespace-pre-wrap wrap-anywhere">{line.message}</span>
        </div>
      ))}
    </div>
  );
}
