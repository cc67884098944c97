import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { formatDuration, secondsBetween } from "#components/format.ts";
import { InstallBar } from "#components/install/install-bar.tsx";
import { CancelJobButton } from "#components/jobs/cancel-job-button.tsx";
import { JobLog } from "#components/jobs/job-log.tsx";
import { JobOpcodes } from "#components/jobs/job-opcodes.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { JOB_STATUS } from "#components/status/statuses.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { JobDetail } from "#lib/domain/views.ts";
import { getJob } from "#lib/jobs/get-job.ts";

interface Props {
  readonly params: Promise<{ readonly id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Job ${(await params).id}` };
}

export default function JobPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const { id } = await params;
    if (!/^[1-9]\d{0,8}$/.test(id)) throw new SlipwayError("unknown_object", "A job has a number");
    const job = await getJob(ctx, Number(id));
    const look = JOB_STATUS[job.status];
    return (
      <>
        <LiveRefresh interest={{ types: ["job.changed"], job: job.id }} />
        <PageHeader
          title={`Job ${job.id}`}
          mark={
            <Status tone={look.tone} framed>
              {look.word}
            </Status>
          }
          actions={<CancelJobButton id={job.id} blocked={cancelBlocked(job)} />}
        >
          <Mono>{job.summary.join(", ")}</Mono>
        </PageHeader>
        <div className="flex flex-col gap-5">
          {job.error === null ? null : (
            <Notice kind="bad" title="It failed">
              {job.error.message}
            </Notice>
          )}
          <div className="grid items-start gap-5 lg:grid-cols-2">
            <TitledCard title="Who and when">
              <DefinitionList items={factsOf(job)} />
            </TitledCard>
            {job.installId === null || job.instanceName === null ? null : (
              <TitledCard title="Install">
                <div className="flex flex-wrap items-center justify-between gap-3 px-4 pb-4">
                  {job.status === "running" || job.status === "canceling" ? (
                    <InstallBar install={{ id: job.installId, state: "installing", percent: job.percent, step: null }} instanceName={job.instanceName} />
                  ) : (
                    <Status tone={look.tone}>{look.word}</Status>
                  )}
                  <ButtonLink href={paths.instanceInstall(job.instanceName, job.installId)}>Steps and log</ButtonLink>
                </div>
              </TitledCard>
            )}
          </div>
          <TitledCard title="Log">{job.log.length === 0 ? <EmptyState title="Nothing said" /> : <JobLog log={job.log} />}</TitledCard>
          <TitledCard title="Opcodes">
            <JobOpcodes job={job} />
          </TitledCard>
        </div>
      </>
    );
  });
}

function factsOf(job: JobDetail): readonly (readonly [string, ReactNode])[] {
  const facts: (readonly [string, ReactNode])[] = [
    ["Asked for by", `${job.requester}, by ${job.interface}`],
    ["Received", <RelativeTime key="received" at={job.receivedAt} />],
    ["Began", job.startedAt === null ? "not yet" : <RelativeTime key="began" at={job.startedAt} />],
  ];
  if (job.startedAt !== null && job.endedAt !== null) facts.push(["Took", formatDuration(secondsBetween(job.startedAt, job.endedAt))]);
  if (job.instanceName !== null) {
    facts.unshift(["Instance", <Link key="instance" href={paths.instance(job.instanceName)} className="rounded-sm font-medium hover:text-accent hover:underline">{job.instanceName}</Link>]);
  }
  if (job.secretNames.length > 0) facts.push(["Secrets", <span key="secrets"><Mono>{job.secretNames.join(", ")}</Mono>: {job.endedAt === null ? "held in memory until it ends" : "gone from memory since it ended"}</span>]);
  return facts;
}

/** Why it can't be cancelled; null: it can. */
function cancelBlocked(job: JobDetail): string | null {
  if (job.cancelRequested || job.status === "canceling") return "Being cancelled already";
  return job.status === "queued" || job.status === "running" ? null : "It is over";
}
