import type { Metadata } from "next";
import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { NetworkTable } from "#components/networks/network-table.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { reach } from "#lib/domain/access.ts";
import { listNetworks } from "#lib/networks/list-networks.ts";

export const metadata: Metadata = { title: "Networks" };

export default function NetworksPage({ searchParams }: { readonly searchParams: SearchParams }): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const cursor = queryText((await searchParams)["cursor"]);
    const page = await listNetworks(ctx, { cursor, limit: 50 });
    const make =
      reach(ctx.identity, "network.modify") === "none" ? undefined : (
        <ButtonLink href={paths.newNetwork()} kind="main">
          New network
        </ButtonLink>
      );
    // One for channels is always there.
    const isEmpty = cursor === undefined && page.nextCursor === null && page.items.every(({ purpose }) => purpose === "communication");
    return (
      <>
        <LiveRefresh interest={{ types: ["network.changed", "instance.changed", "instance.deleted"] }} />
        <PageHeader title="Networks" actions={isEmpty ? undefined : make}>
          Subnets, and who has which address of them.
        </PageHeader>
        <Card>
          <NetworkTable networks={page.items} />
          {isEmpty ? (
            <div className="border-t border-line">
              <EmptyState title="No network for NICs yet" action={make}>
                An instance gets an address of its own from a network. Without one, addresses are given by hand, and nothing sees to it that two don’t get the same.
              </EmptyState>
            </div>
          ) : null}
          <Pager first={cursor === undefined ? null : paths.networks()} next={page.nextCursor === null ? null : paths.networks(page.nextCursor)} />
        </Card>
      </>
    );
  });
}
