import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { formatMib } from "#components/format.ts";
import { InstallBar } from "#components/install/install-bar.tsx";
import { loadInstance } from "#components/instances/load-instance.ts";
import { PreviousSystem } from "#components/instances/previous-system.tsx";
import { JobTable } from "#components/jobs/job-table.tsx";
import { sshCommand, waysTo } from "#components/nics/reach.ts";
import { FirstHostKey, WayTo } from "#components/nics/ways.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { mediumText } from "#components/source/words.ts";
import { Status } from "#components/status/mark.tsx";
import { INSTANCE_STATUS } from "#components/status/statuses.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { reach } from "#lib/domain/access.ts";
import type { InstanceDetail } from "#lib/domain/instance.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default function InstancePage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    const jobs = await listJobs(ctx, { instanceName: instance.name, limit: 5 });
    return (
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <TitledCard title="State">
          <DefinitionList items={stateOf(instance)} />
        </TitledCard>
        <div className="flex min-w-0 flex-col gap-5">
          <TitledCard title="Install">
            {instance.install === null ? (
              <EmptyState title="Never installed" action={<ButtonLink href={paths.reinstall(instance.name)}>Install a system</ButtonLink>} />
            ) : (
              <div className="flex flex-wrap items-center justify-between gap-3 px-4 pb-4">
                <InstallBar install={instance.install} instanceName={instance.name} />
                <ButtonLink href={paths.instanceInstall(instance.name)}>Steps and log</ButtonLink>
              </div>
            )}
          </TitledCard>
          {instance.previous === null || reach(ctx.identity, "instance.rollback") === "none" ? null : (
            <PreviousSystem name={instance.name} previous={instance.previous} blocked={instance.blockedActions.rollback ?? null} />
          )}
        </div>
        <TitledCard title="Last jobs" className="lg:col-span-2">
          {jobs.items.length === 0 ? <EmptyState title="No jobs yet" /> : <JobTable jobs={jobs.items} label="Last jobs" />}
        </TitledCard>
      </div>
    );
  });
}

function stateOf(instance: InstanceDetail): readonly (readonly [string, ReactNode])[] {
  const look = INSTANCE_STATUS[instance.status];
  return [
    ["Status", <Status key="status" tone={look.tone}>{look.word}</Status>],
    ["Power asked for", instance.adminState],
    ["Power now", instance.rescue ? "running the rescue system" : (instance.operState ?? "unknown")],
    ["System", <System key="system" instance={instance} />],
    ["Node", <Mono key="node">{instance.node}</Mono>],
    ["Reach it", reachOf(instance)],
    ["Owner", instance.owner ?? "none"],
    ["Hardware", `${instance.vcpus} vCPU, ${formatMib(instance.memoryMib)}, ${formatMib(instance.diskMib)} disk`],
    ["Tags", instance.tags.length === 0 ? "none" : instance.tags.join(", ")],
    ["Created", <RelativeTime key="created" at={instance.createdAt} />],
    ["Id", <span key="id" className="inline-flex items-center wrap-anywhere"><Mono>{instance.id}</Mono><CopyIcon text={instance.id} label="id" /></span>],
  ];
}

/** What a reinstall would take again. */
function System({ instance: { osType, installSource } }: { readonly instance: InstanceDetail }) {
  const { image, medium } = installSource;
  const parts: readonly (readonly [string, string])[] = [
    ...(osType === null ? [] : [["", osType] as const]),
    ...(image === null ? [] : [["image ", image.location] as const]),
    ...(Object.keys(medium).length === 0 ? [] : [["medium ", mediumText(medium)] as const]),
    ...(installSource.package === null ? [] : [["package ", installSource.package.url] as const]),
  ];
  if (parts.length === 0) return "none";
  return (
    <span className="flex flex-col">
      {parts.map(([what, value]) => (
        <span key={`${what}${value}`} className="wrap-anywhere">
          {what}
          <Mono>{value}</Mono>
        </span>
      ))}
    </span>
  );
}

/** The first way by SSH, with what it answers with; the others stand with its NICs. */
function reachOf(instance: InstanceDetail): ReactNode {
  const way = instance.nics.flatMap(waysTo).find((one) => sshCommand(one) !== null);
  if (way !== undefined) {
    return (
      <span key="reach" className="flex flex-col gap-1.5">
        <WayTo way={way} node={instance.node} />
        <FirstHostKey keys={instance.hostKeys ?? []} more={paths.instanceNetwork(instance.name)} />
      </span>
    );
  }
  return (
    <Link key="reach" href={paths.instanceHardware(instance.name)} prefetch={false} className="rounded-sm text-accent hover:underline">
      see its NICs
    </Link>
  );
}
