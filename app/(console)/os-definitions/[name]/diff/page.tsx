import type { Metadata } from "next";
import type { ReactNode } from "react";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { VersionDiffView } from "#components/os-definitions/version-diff.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryNumber } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { diffVersions } from "#lib/os-definitions/diff-versions.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Diff of ${decodeURIComponent((await params).name)}` };
}

export default function OsDiffPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const { name, version } = await loadDefinition((await params).name);
    const sent = await searchParams;
    // Without numbers: what the newest one changed.
    const to = queryNumber(sent["to"]) ?? version;
    const from = queryNumber(sent["from"]) ?? (to === null ? null : to - 1);
    const all = <ButtonLink href={paths.osVersions(name)}>All versions</ButtonLink>;
    if (to === null || from === null || from < 1) {
      return (
        <>
          <PageHeader title={name} />
          <Card>
            <EmptyState title="There are no two versions to compare" action={all} />
          </Card>
        </>
      );
    }
    const diff = await diffVersions(ctx, name, { from, to });
    return (
      <>
        <PageHeader
          title={`${name}, version ${from} to ${to}`}
          actions={
            <>
              {from === to ? null : <ButtonLink href={paths.osDiff(name, { from: to, to: from })}>The other way round</ButtonLink>}
              {all}
            </>
          }
        >
          <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1">
            <Digest digest={diff.from.digest} label={`digest of version ${from}`} />
            to
            <Digest digest={diff.to.digest} label={`digest of version ${to}`} />
          </span>
        </PageHeader>
        <VersionDiffView diff={diff} hrefOf={(path, side) => paths.osFiles(name, { file: path, version: side === "from" ? from : to })} />
      </>
    );
  });
}
