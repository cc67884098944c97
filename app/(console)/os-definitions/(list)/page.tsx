import type { Metadata } from "next";
import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { OsTable } from "#components/os-definitions/os-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";

export const metadata: Metadata = { title: "OS definitions" };

export default function OsDefinitionsPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const cursor = queryText((await searchParams)["cursor"]);
    const page = await listOsDefinitions(ctx, { cursor, limit: 50 });
    return (
      <>
        <LiveRefresh interest={{ types: ["os.changed"] }} />
        <PageHeader title="OS definitions">What it takes to install a system: scripts, variants, and the parameters that they ask for.</PageHeader>
        <Card>
          {page.items.length === 0 ? (
            <EmptyState title="No OS definitions yet">An administrator registers one from a folder with Ganeti’s layout.</EmptyState>
          ) : (
            <OsTable definitions={page.items} />
          )}
          <Pager first={cursor === undefined ? null : paths.osDefinitions()} next={page.nextCursor === null ? null : paths.osDefinitions(page.nextCursor)} />
        </Card>
      </>
    );
  });
}
