import Link from "next/link";
import type { ReactNode } from "react";
import { jobTitle } from "#components/jobs/job-title.ts";
import { paths } from "#components/paths.ts";
import { ToneMark } from "#components/status/mark.tsx";
import { nodeStatus } from "#components/status/statuses.ts";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { JobSummary, NodeView } from "#lib/domain/views.ts";

/** Jobs that failed, with what they said. */
export function FailedJobs({ jobs }: { readonly jobs: readonly JobSummary[] }) {
  return (
    <ul>
      {jobs.map((job) => (
        <Line key={job.id} mark={<ToneMark tone="bad" />} href={job.installId !== null && job.instanceName !== null ? paths.instanceInstall(job.instanceName, job.installId) : paths.job(job.id)} title={jobTitle(job.summary)} at={job.endedAt ?? job.receivedAt}>
          {job.error?.message ?? "No reason is known."}
        </Line>
      ))}
    </ul>
  );
}

/** Nodes whose agents don't answer. */
export function SilentNodes({ nodes }: { readonly nodes: readonly NodeView[] }) {
  return (
    <ul>
      {nodes.map((node) => (
        <Line key={node.id} mark={<ToneMark tone={nodeStatus(node).tone} />} href={paths.node(node.name)} title={node.name} at={node.lastSeenAt}>
          {node.stateReason ?? nodeStatus(node).word}
        </Line>
      ))}
    </ul>
  );
}

function Line({ mark, href, title, at, children }: { readonly mark: ReactNode; readonly href: string; readonly title: string; readonly at: string | null; readonly children: ReactNode }) {
  return (
    <li className="flex gap-3 border-t border-line px-4 py-2">
      <span className="pt-1">{mark}</span>
      <span className="min-w-0 flex-1">
        <Link href={href} prefetch={false} className="block truncate rounded-sm font-medium hover:text-accent hover:underline">
          {title}
        </Link>
        <span className="block text-soft wrap-anywhere">{children}</span>
      </span>
      {at === null ? null : (
        <span className="text-small text-soft">
          <RelativeTime at={at} />
        </span>
      )}
    </li>
  );
}
