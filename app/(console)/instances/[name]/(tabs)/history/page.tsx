import type { Metadata } from "next";
import type { ReactNode } from "react";
import { InstallList } from "#components/install/install-list.tsx";
import { loadInstance } from "#components/instances/load-instance.ts";
import { JobTable } from "#components/jobs/job-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { listInstalls } from "#lib/installs/list-installs.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `History of ${decodeURIComponent((await params).name)}` };
}

export default function InstanceHistoryPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const { name } = await loadInstance((await params).name);
    const [installs, jobs] = await Promise.all([listInstalls(ctx, { instanceName: name, limit: 50 }), listJobs(ctx, { instanceName: name, limit: 50 })]);
    return (
      <div className="flex flex-col gap-5">
        <TitledCard title="Installs" aside={installs.nextCursor === null ? undefined : "the last 50"}>
          {installs.items.length === 0 ? <EmptyState title="Never installed" /> : <InstallList installs={installs.items} />}
        </TitledCard>
        <TitledCard title="Jobs" aside={jobs.nextCursor === null ? undefined : "the last 50"}>
          {jobs.items.length === 0 ? <EmptyState title="No jobs yet" /> : <JobTable jobs={jobs.items} />}
        </TitledCard>
      </div>
    );
  });
}
