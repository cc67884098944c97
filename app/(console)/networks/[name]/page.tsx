import type { Metadata } from "next";
import type { ReactNode } from "react";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { AddressTable } from "#components/networks/address-table.tsx";
import { HolderFilter } from "#components/networks/holder-filter.tsx";
import { loadAddresses } from "#components/networks/load-addresses.ts";
import { loadNetwork } from "#components/networks/load-network.ts";
import { NetworkActions } from "#components/networks/network-actions.tsx";
import { Pool } from "#components/networks/pool.tsx";
import { connectionText, HOLDERS, PURPOSE } from "#components/networks/words.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { queryChoice, queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { reach } from "#lib/domain/access.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import type { NetworkView } from "#lib/domain/network.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default function NetworkPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const network = await loadNetwork((await params).name);
    const sent = await searchParams;
    const query = { holder: queryChoice(sent["holder"], HOLDERS), cursor: queryText(sent["cursor"]) };
    const own = new Set([...ownAddresses(network).keys()].map((offset) => addressAt(network.subnet, offset)));
    const addresses = await loadAddresses(ctx, network.name, own, query);
    const mayModify = reach(ctx.identity, "network.modify") !== "none";
    return (
      <>
        <LiveRefresh interest={{ types: ["network.changed", "instance.changed", "instance.deleted"], network: network.name }} />
        <PageHeader title={network.name} actions={mayModify ? <NetworkActions network={network} user={ctx.identity.name} /> : undefined}>
          <Mono>{network.subnet}</Mono> · for {PURPOSE[network.purpose]} · {connectionText(network)}
        </PageHeader>
        <div className="flex flex-col gap-5">
          <TitledCard title="Network">
            <DefinitionList items={factsOf(network)} />
          </TitledCard>
          <TitledCard
            title="Addresses that are taken"
            aside={
              <span className="block w-56 max-w-full">
                <HolderFilter network={network.name} holder={query.holder} />
              </span>
            }
          >
            {addresses.rows.length === 0 ? (
              <EmptyState
                title={query.holder === undefined ? "None is taken" : "None is held so"}
                action={query.holder === undefined ? undefined : <ButtonLink href={paths.network(network.name)}>Show all</ButtonLink>}
              >
                {query.holder === undefined ? `The first of ${network.subnet} goes to the first NIC that names ${network.name}.` : undefined}
              </EmptyState>
            ) : (
              <AddressTable network={network.name} rows={addresses.rows} mayModify={mayModify} query={query} />
            )}
            <Pager
              first={query.cursor === undefined ? null : paths.network(network.name, { holder: query.holder })}
              next={addresses.nextCursor === null ? null : paths.network(network.name, { holder: query.holder, cursor: addresses.nextCursor })}
            />
          </TitledCard>
        </div>
      </>
    );
  });
}

function factsOf(network: NetworkView): readonly (readonly [string, ReactNode])[] {
  const address = (value: string | null): ReactNode => (value === null ? "none" : <Mono key={value}>{value}</Mono>);
  const pool = ["Addresses", <Pool key="pool" network={network} whole />] as const;
  const made = ["Made", <RelativeTime key="made" at={network.createdAt} />] as const;
  if (network.purpose === "communication") return [pool, ["For", "channels between guests and their hosts, in the whole cluster"], made];
  return [
    pool,
    ["Connected", connectionText(network)],
    ["Gateway", address(network.gateway)],
    ["Name servers", network.dns.length === 0 ? "none" : <Mono key="dns">{network.dns.join(", ")}</Mono>],
    ["IPv6", address(network.subnet6)],
    ["IPv6 gateway", address(network.gateway6)],
    made,
  ];
}
