import type { Metadata } from "next";
import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { OsFilter } from "#components/os-definitions/os-filter.tsx";
import { OsTable } from "#components/os-definitions/os-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import type { OsDefinitionsQuery } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { reach } from "#lib/domain/access.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";

export const metadata: Metadata = { title: "OS definitions" };

export default function OsDefinitionsPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const sent = await searchParams;
    const query: OsDefinitionsQuery = { search: queryText(sent["search"], 253), cursor: queryText(sent["cursor"]) };
    const page = await listOsDefinitions(ctx, { ...query, limit: 50 });
    const isEmpty = page.items.length === 0 && query.search === undefined && query.cursor === undefined;
    const upload =
      reach(ctx.identity, "os.upload") === "none" ? undefined : (
        <ButtonLink href={paths.uploadDefinition()} kind="main">
          Upload a definition
        </ButtonLink>
      );
    return (
      <>
        <LiveRefresh interest={{ types: ["os.changed", "cluster.changed"] }} />
        <PageHeader title="OS definitions" actions={isEmpty ? undefined : upload}>
          What it takes to install a system: scripts, variants, and the parameters that they ask for.
        </PageHeader>
        {isEmpty ? (
          <Card>
            <EmptyState title="No OS definitions yet" action={upload}>
              An archive of a folder with Ganeti’s layout. What it would do is shown before anything is registered, and none of its code runs on a host unless an administrator trusts it.
            </EmptyState>
          </Card>
        ) : (
          <>
            <div className="mb-3">
              <OsFilter search={query.search} />
            </div>
            <Card>
              {page.items.length === 0 ? <EmptyState title="No definition fits" action={<ButtonLink href={paths.osDefinitions()}>Show all</ButtonLink>} /> : <OsTable definitions={page.items} user={ctx.identity.name} />}
              <Pager
                first={query.cursor === undefined ? null : paths.osDefinitions({ search: query.search })}
                next={page.nextCursor === null ? null : paths.osDefinitions({ search: query.search, cursor: page.nextCursor })}
              />
            </Card>
          </>
        )}
      </>
    );
  });
}
