import type { Metadata } from "next";
import type { ReactNode } from "react";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { VersionTable } from "#components/os-definitions/version-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listVersions } from "#lib/os-definitions/list-versions.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Versions of ${decodeURIComponent((await params).name)}` };
}

export default function OsVersionsPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const { name, version, trusted } = await loadDefinition((await params).name);
    const cursor = queryText((await searchParams)["cursor"]);
    const page = await listVersions(ctx, name, { cursor, limit: 50 });
    return (
      <Card>
        {page.items.length === 0 ? <EmptyState title="No version yet" /> : <VersionTable name={name} versions={page.items} current={version} trusted={trusted} />}
        <Pager first={cursor === undefined ? null : paths.osVersions(name)} next={page.nextCursor === null ? null : paths.osVersions(name, page.nextCursor)} />
      </Card>
    );
  });
}
