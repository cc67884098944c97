import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ExportTable } from "#components/exports/export-table.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listExports } from "#lib/exports/list-exports.ts";

export const metadata: Metadata = { title: "Exports" };

export default function ExportsPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const cursor = queryText((await searchParams)["cursor"]);
    const page = await listExports(ctx, { cursor, limit: 50 });
    return (
      <>
        <LiveRefresh interest={{ types: ["job.changed"] }} />
        <PageHeader title="Exports">What definitions’ scripts have written of instances, kept on the node that made it.</PageHeader>
        <Card>
          {page.items.length === 0 ? (
            <EmptyState title="No exports" action={<ButtonLink href={paths.instances()}>Instances</ButtonLink>}>
              Export an instance from its page: among its actions. From an export, one like it can be made on any node.
            </EmptyState>
          ) : (
            <ExportTable exports={page.items} />
          )}
          <Pager first={cursor === undefined ? null : paths.exports()} next={page.nextCursor === null ? null : paths.exports(page.nextCursor)} />
        </Card>
      </>
    );
  });
}
