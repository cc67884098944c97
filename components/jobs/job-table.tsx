import Link from "next/link";
import { InstallBar } from "#components/install/install-bar.tsx";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { JOB_STATUS } from "#components/status/statuses.ts";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { JobSummary } from "#lib/domain/views.ts";
import { jobTitle } from "./job-title.ts";

/** Jobs, the last first, those that install something with their bars. */
export function JobTable({ jobs, label = "Jobs" }: { readonly jobs: readonly JobSummary[]; readonly label?: string }) {
  return (
    <Table label={label}>
      <thead>
        <tr>
          <Th className="text-right">Job</Th>
          <Th>What</Th>
          <Th>Status</Th>
          <Th>Asked for by</Th>
          <Th>When</Th>
          <Th className="text-right">Took</Th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <Tr key={job.id}>
            <Td className="text-right">
              <Link href={paths.job(job.id)} prefetch={false} className="rounded-sm font-mono text-small hover:text-accent hover:underline">
                {job.id}
              </Link>
            </Td>
            <Td className="max-w-[44ch] truncate font-mono text-small" title={job.summary.join(", ")}>
              {jobTitle(job.summary)}
            </Td>
            <Td className="max-w-[44ch]">
              <JobStatusCell job={job} />
            </Td>
            <Td className="whitespace-nowrap">
              {job.requester} <span className="text-soft">by {job.interface}</span>
            </Td>
            <Td className="text-soft">
              <RelativeTime at={job.receivedAt} />
            </Td>
            <Td className="text-right whitespace-nowrap text-soft">
              {job.startedAt === null || job.endedAt === null ? "" : formatDuration(secondsBetween(job.startedAt, job.endedAt))}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function JobStatusCell({ job }: { readonly job: JobSummary }) {
  const look = JOB_STATUS[job.status];
  if (job.status === "running" && job.installId !== null) {
    return <InstallBar install={{ id: job.installId, state: "installing", percent: job.percent, step: null }} instanceName={job.instanceName ?? "the instance"} />;
  }
  return (
    <span className="flex min-w-0 items-center gap-2">
      <Status tone={look.tone}>{look.word}</Status>
      {job.error === null ? null : (
        <span className="truncate text-small text-soft" title={job.error.message}>
          {job.error.message}
        </span>
      )}
    </span>
  );
}
