import Link from "next/link";
import { paths } from "#components/paths.ts";
import { JOB_STATUS } from "#components/status/statuses.ts";
import { classes } from "#components/ui/classes.ts";
import { JOB_STATUSES } from "#lib/domain/views.ts";
import type { JobStatusName } from "#lib/domain/views.ts";

/** Jobs by status: links, since the choice is part of the address. */
export function JobFilter({ status }: { readonly status: JobStatusName | undefined }) {
  return (
    <nav aria-label="Jobs by status" className="mb-3 overflow-x-auto">
      <ul className="flex gap-1">
        <Choice label="All" href={paths.jobs()} current={status === undefined} />
        {JOB_STATUSES.map((choice) => (
          <Choice key={choice} label={JOB_STATUS[choice].word} href={paths.jobs({ status: choice })} current={status === choice} />
        ))}
      </ul>
    </nav>
  );
}

function Choice({ label, href, current }: { readonly label: string; readonly href: string; readonly current: boolean }) {
  return (
    <li>
      <Link
        href={href}
        aria-current={current ? "true" : undefined}
        className={classes("flex h-8 items-center rounded-md border px-3 whitespace-nowrap -outline-offset-2", current ? "border-accent bg-accent-soft text-ink" : "border-transparent text-soft hover:bg-hover hover:text-ink")}
      >
        {label}
      </Link>
    </li>
  );
}
