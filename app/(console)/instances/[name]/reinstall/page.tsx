import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatElapsed, formatMib } from "#components/format.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { loadChoices } from "#components/instances/load-choices.ts";
import { previewOrRefusal } from "#components/instances/preview-or-refusal.ts";
import { RefusedOs } from "#components/instances/refused-os.tsx";
import { ReinstallForm } from "#components/instances/reinstall-form.tsx";
import { WhatHappens } from "#components/instances/what-happens.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import type { InstanceDetail } from "#lib/domain/instance.ts";
import { previewReinstall } from "#lib/instances/preview-reinstall.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Reinstall ${decodeURIComponent((await params).name)}` };
}

export default function ReinstallPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    const query = await searchParams;
    const find = queryText(query["find"], 253);
    const offered = await loadChoices(ctx, { os: queryText(query["os"], 130), current: instance.osType, find });
    const { osType } = offered;
    if (osType === null) {
      return (
        <>
          <PageHeader title={`Reinstall ${instance.name}`} />
          <Card>
            <EmptyState title="There is nothing to install yet" action={<ButtonLink href={paths.osDefinitions()}>OS definitions</ButtonLink>} />
          </Card>
        </>
      );
    }
    const preview = await previewOrRefusal(() => previewReinstall(ctx, instance.name, { osType }));
    if (typeof preview === "string") {
      return (
        <>
          <PageHeader title={`Reinstall ${instance.name}`}>{nowSentence(instance)}</PageHeader>
          <RefusedOs instance={instance.name} offered={offered} osType={osType} find={find ?? ""} reason={preview} />
        </>
      );
    }
    const blocked = instance.blockedActions.reinstall ?? null;
    return (
      <>
        <PageHeader title={`Reinstall ${instance.name}`}>
          {nowSentence(instance)}
          {preview.expectedSeconds === null || instance.operState !== "running" ? null : ` The machine stops for about ${formatElapsed(preview.expectedSeconds)}.`}
        </PageHeader>
        {blocked === null ? null : (
          <div className="mb-5">
            <Notice kind="wait" title="Not now">
              {blocked}
            </Notice>
          </div>
        )}
        <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_380px]">
          <ReinstallForm name={instance.name} osType={osType} offered={offered} find={find ?? ""} preview={preview} blocked={blocked} user={ctx.identity.name} />
          <WhatHappens name={instance.name} plan={preview.plan} checks={preview.checks} kept={keptOf(instance)} />
        </div>
      </>
    );
  });
}

function nowSentence({ osType }: InstanceDetail): string {
  return osType === null ? "Never installed." : `Now it has ${osType}.`;
}

function keptOf(instance: InstanceDetail): string {
  return `Name, MAC${instance.nics.some(({ ip }) => ip !== null) ? ", addresses" : ""}, ${instance.vcpus} vCPU, ${formatMib(instance.memoryMib)}`;
}
