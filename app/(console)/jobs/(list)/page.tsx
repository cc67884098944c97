import type { Metadata } from "next";
import type { ReactNode } from "react";
import { JobFilter } from "#components/jobs/job-filter.tsx";
import { JobTable } from "#components/jobs/job-table.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryChoice, queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { JOB_STATUSES } from "#lib/domain/views.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";

export const metadata: Metadata = { title: "Jobs" };

export default function JobsPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const sent = await searchParams;
    const status = queryChoice(sent["status"], JOB_STATUSES);
    const cursor = queryText(sent["cursor"]);
    const page = await listJobs(ctx, { status, cursor, limit: 50 });
    return (
      <>
        <LiveRefresh interest={{ types: ["job.changed"] }} />
        <PageHeader title="Jobs">Everything that was asked for, the last first.</PageHeader>
        <JobFilter status={status} />
        <Card>
          {page.items.length > 0 ? (
            <JobTable jobs={page.items} />
          ) : status === undefined ? (
            <EmptyState title="No jobs yet" action={<ButtonLink href={paths.instances()}>Instances</ButtonLink>}>
              Creating, reinstalling, starting, stopping and deleting an instance are jobs.
            </EmptyState>
          ) : (
            <EmptyState title="No job has this status" action={<ButtonLink href={paths.jobs()}>Show all</ButtonLink>} />
          )}
          <Pager first={cursor === undefined ? null : paths.jobs({ status })} next={page.nextCursor === null ? null : paths.jobs({ status, cursor: page.nextCursor })} />
        </Card>
      </>
    );
  });
}
