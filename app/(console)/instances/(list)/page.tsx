import type { Metadata } from "next";
import type { ReactNode } from "react";
import { InstanceFilter } from "#components/instances/instance-filter.tsx";
import { InstanceTable } from "#components/instances/instance-table.tsx";
import { formatCount } from "#components/format.ts";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryChoice, queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import type { InstancesQuery } from "#components/paths.ts";
import { INSTANCE_STATUSES } from "#components/status/statuses.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { reach } from "#lib/domain/access.ts";
import { countInstances } from "#lib/instances/count-instances.ts";
import { listInstances } from "#lib/instances/list-instances.ts";

export const metadata: Metadata = { title: "Instances" };

const SORTS = ["name", "-name", "createdAt", "-createdAt"] as const;

export default function InstancesPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const sent = await searchParams;
    const query: InstancesQuery = {
      search: queryText(sent["search"], 253),
      status: queryChoice(sent["status"], INSTANCE_STATUSES),
      sort: queryChoice(sent["sort"], SORTS),
      cursor: queryText(sent["cursor"]),
    };
    const [page, counts] = await Promise.all([listInstances(ctx, { ...query, limit: 50 }), countInstances(ctx)]);
    const everybodys = reach(ctx.identity, "instance.list") === "any";
    const mayCreate = reach(ctx.identity, "instance.create") !== "none";
    const create = mayCreate ? (
      <ButtonLink href={paths.newInstance()} kind="main">
        New instance
      </ButtonLink>
    ) : undefined;
    return (
      <>
        <LiveRefresh interest={{ types: ["instance.changed", "instance.deleted"] }} />
        <PageHeader title={everybodys ? "Instances" : "My instances"} actions={counts.total === 0 ? undefined : create}>
          {counts.total === 0
            ? null
            : `${formatCount(counts.total)} in all · ${formatCount(counts.running)} running · ${formatCount(counts.installing)} installing · ${formatCount(counts.failed)} failed`}
        </PageHeader>
        {counts.total === 0 ? (
          <Card>
            <EmptyState title="No instances yet" action={create}>
              {mayCreate ? "An instance is a virtual machine with its disks, its network and what is installed on it." : "As soon as an administrator gives you an instance, it stands here."}
            </EmptyState>
          </Card>
        ) : (
          <>
            <div className="mb-3">
              <InstanceFilter query={query} />
            </div>
            <Card>
              {page.items.length === 0 ? (
                <EmptyState title="No instance fits" action={<ButtonLink href={paths.instances()}>Show all</ButtonLink>} />
              ) : (
                <InstanceTable instances={page.items} query={query} everybodys={everybodys} />
              )}
              <Pager
                first={query.cursor === undefined ? null : paths.instances({ ...query, cursor: undefined })}
                next={page.nextCursor === null ? null : paths.instances({ ...query, cursor: page.nextCursor })}
              />
            </Card>
          </>
        )}
      </>
    );
  });
}
