import Link from "next/link";
import type { ReactNode } from "react";
import { plural } from "#components/format.ts";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { Figures } from "#components/overview/figures.tsx";
import { InstallRows } from "#components/overview/install-rows.tsx";
import { FailedJobs, SilentNodes } from "#components/overview/problems.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card, TitledCard } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import type { NodeView } from "#lib/domain/views.ts";
import { listInstalls } from "#lib/installs/list-installs.ts";
import { countInstances } from "#lib/instances/count-instances.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";

const DAY = 86_400_000;
const SHOWN = 20;
const FAILURES = 6;
const LAST = 6;

export default function OverviewPage(): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const [counts, installs, last, failures, silent] = await Promise.all([
      countInstances(ctx),
      listInstalls(ctx, { active: true, limit: SHOWN }),
      listInstalls(ctx, { active: false, limit: LAST }),
      recentFailures(ctx),
      silentNodes(ctx),
    ]);
    const mayCreate = reach(ctx.identity, "instance.create") !== "none";
    const calm = failures.length === 0 && silent.length === 0;
    return (
      <>
        <LiveRefresh interest={{ types: ["instance.changed", "instance.deleted", "job.changed", "node.changed"] }} />
        <PageHeader title="Overview" />
        {counts.total === 0 ? <NothingYet mayCreate={mayCreate} /> : <Figures counts={counts} />}
        <div className="mt-5 grid items-start gap-5 lg:grid-cols-2">
          {counts.total === 0 ? null : (
            <TitledCard title="Installs in progress" aside={installs.nextCursor === null ? undefined : `the first ${SHOWN}`}>
              {installs.items.length === 0 ? <p className="px-4 pb-4 text-soft">None at the moment.</p> : <InstallRows installs={installs.items} />}
            </TitledCard>
          )}
          {calm && last.items.length === 0 ? null : (
            <div className="flex min-w-0 flex-col gap-5">
              {silent.length === 0 ? null : (
                <TitledCard title={`${plural(silent.length, "node doesn’t", "nodes don’t")} answer`}>
                  <SilentNodes nodes={silent} />
                </TitledCard>
              )}
              {failures.length === 0 ? null : (
                <TitledCard title="Failed since yesterday" aside={<AllFailed />}>
                  <FailedJobs jobs={failures.slice(0, FAILURES)} />
                </TitledCard>
              )}
              {last.items.length === 0 ? null : (
                <TitledCard title="Last installs">
                  <InstallRows installs={last.items} />
                </TitledCard>
              )}
            </div>
          )}
        </div>
      </>
    );
  });
}

function NothingYet({ mayCreate }: { readonly mayCreate: boolean }) {
  const create = (
    <ButtonLink href={paths.newInstance()} kind="main">
      New instance
    </ButtonLink>
  );
  return (
    <Card>
      <EmptyState title="No instances yet" action={mayCreate ? create : undefined}>
        {mayCreate ? "Make the first one, and watch it being installed." : "As soon as an administrator gives you an instance, it stands here."}
      </EmptyState>
    </Card>
  );
}

function AllFailed() {
  return (
    <Link href={paths.jobs({ status: "error" })} className="rounded-sm hover:text-ink hover:underline">
      all failed jobs
    </Link>
  );
}

async function recentFailures(ctx: RequestContext) {
  const since = Date.now() - DAY;
  const failed = await listJobs(ctx, { status: "error", limit: SHOWN });
  return failed.items.filter((job) => Date.parse(job.endedAt ?? job.receivedAt) >= since);
}

async function silentNodes(ctx: RequestContext): Promise<readonly NodeView[]> {
  if (reach(ctx.identity, "node.list") === "none") return [];
  const nodes = await listNodes(ctx, { limit: PAGE_LIMITS.max });
  return nodes.items.filter((node) => node.state === "unreachable" && !node.offline);
}
