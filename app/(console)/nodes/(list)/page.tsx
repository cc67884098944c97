import type { Metadata } from "next";
import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { NodeTable } from "#components/nodes/node-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { listNodes } from "#lib/nodes/list-nodes.ts";

export const metadata: Metadata = { title: "Nodes" };

export default function NodesPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const cursor = queryText((await searchParams)["cursor"]);
    const page = await listNodes(ctx, { cursor, limit: 50 });
    return (
      <>
        <LiveRefresh interest={{ types: ["node.changed", "instance.deleted"] }} />
        <PageHeader title="Nodes">Machines that run instances, each with an agent.</PageHeader>
        <Card>
          {page.items.length === 0 ? <EmptyState title="No nodes yet">An instance needs a node to run on. A node joins when its agent has enrolled.</EmptyState> : <NodeTable nodes={page.items} />}
          <Pager first={cursor === undefined ? null : paths.nodes()} next={page.nextCursor === null ? null : paths.nodes(page.nextCursor)} />
        </Card>
      </>
    );
  });
}
