import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatElapsed, formatMib } from "#components/format.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { loadChoices } from "#components/instances/load-choices.ts";
import { NO_OS } from "#components/instances/os-choice.ts";
import { previewOrRefusal } from "#components/instances/preview-or-refusal.ts";
import { RefusedOs } from "#components/instances/refused-os.tsx";
import { ReinstallForm } from "#components/instances/reinstall-form.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
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
    // What has no definition has an image or a medium, or nothing yet: then a definition is the likelier wish.
    const without = instance.osType === null && hasSource(instance) ? NO_OS : undefined;
    const offered = await loadChoices(ctx, { os: queryText(query["os"], 130) ?? without, current: instance.osType, find });
    const { osType } = offered;
    const question = { osType, probe: false } as const;
    const preview = osType === null && !hasSource(instance) ? null : await previewOrRefusal(() => previewReinstall(ctx, instance.name, question));
    if (typeof preview === "string") {
      return (
        <>
          <PageHeader title={`Reinstall ${instance.name}`}>{nowSentence(instance)}</PageHeader>
          <RefusedOs instance={instance.name} offered={offered} osType={osType} find={find ?? ""} reason={preview} />
        </>
      );
    }
    const blocked = instance.blockedActions.reinstall ?? null;
    const expected = preview?.expectedSeconds ?? null;
    return (
      <>
        <PageHeader title={`Reinstall ${instance.name}`}>
          {nowSentence(instance)}
          {expected === null || instance.operState !== "running" ? null : ` The machine stops for about ${formatElapsed(expected)}.`}
        </PageHeader>
        {blocked === null ? null : (
          <div className="mb-5">
            <Notice kind="wait" title="Not now">
              {blocked}
            </Notice>
          </div>
        )}
        <ReinstallForm
          name={instance.name}
          osType={osType}
          offered={offered}
          find={find ?? ""}
          preview={preview}
          question={question}
          disks={instance.disks}
          kept={keptOf(instance)}
          blocked={blocked}
          user={ctx.identity.name}
        />
      </>
    );
  });
}

function hasSource({ installSource }: InstanceDetail): boolean {
  return installSource.image !== null || Object.keys(installSource.medium).length > 0;
}

function nowSentence({ osType, installSource }: InstanceDetail): string {
  if (osType !== null) return `Now it has ${osType}.`;
  if (installSource.image !== null) return "Now it has a system from a disk image.";
  return Object.keys(installSource.medium).length > 0 ? "Now it has a system from an install medium." : "Never installed.";
}

function keptOf(instance: InstanceDetail): string {
  return `Name, MAC${instance.nics.some(({ ip }) => ip !== null) ? ", addresses" : ""}, ${instance.vcpus} vCPU, ${formatMib(instance.memoryMib)}`;
}
