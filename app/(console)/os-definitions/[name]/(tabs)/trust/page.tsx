import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { allowedActions } from "#components/os-definitions/rights.ts";
import { ScriptRuns } from "#components/os-definitions/script-runs.tsx";
import { TrustForm } from "#components/os-definitions/trust-form.tsx";
import { OnHost } from "#components/os-definitions/trust.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { Card, TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import type { TrustView } from "#lib/domain/os-definition-views.ts";
import { scriptRuns } from "#lib/os-definitions/script-runs.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Trust in ${decodeURIComponent((await params).name)}` };
}

export default function OsTrustPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const definition = await loadDefinition((await params).name);
    const { name, owner, version, digest, manifest, trusted } = definition;
    if (!allowedActions(ctx.identity, owner).includes("trust")) throw new SlipwayError("not_allowed", "What may run on hosts is decided by administrators.");
    if (version === null || digest === null || manifest === null) {
      return (
        <Card>
          <EmptyState title="There is no version to trust yet" />
        </Card>
      );
    }
    const cluster = await getCluster(ctx);
    return (
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_400px]">
        <div className="flex min-w-0 flex-col gap-5">
          {cluster.hostScripts ? null : (
            <Notice kind="info" title="The cluster forbids scripts on hosts">
              Trust changes nothing until an administrator <Link href={paths.settings()} className="rounded-sm text-accent hover:underline">allows them</Link>.
            </Notice>
          )}
          {manifest.hostScripts.length === 0 ? (
            <Notice kind="info" title="It has no script for hosts">
              All of it runs in the appliance, which takes no trust.
            </Notice>
          ) : null}
          <TrustForm name={name} version={version} digest={digest} withdraw={trusted !== null} owner={owner} blocked={definition.blockedActions.trust ?? null} user={ctx.identity.name} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <TitledCard title="Now">
            <DefinitionList items={trusted === null ? [["Trust", "nobody trusts this version"], ["Version", <Version key="version" version={version} digest={digest} />]] : trustFacts(trusted, version)} />
          </TitledCard>
          <TitledCard title={trusted === null ? "What would run where, once trusted" : "What runs where"}>
            <ScriptRuns runs={scriptRuns(manifest, { definition: name, isTrusted: true, hostScripts: cluster.hostScripts })} manifest={manifest} trusted={trusted} />
          </TitledCard>
          <ToRead name={name} version={version} manifest={manifest} />
        </div>
      </div>
    );
  });
}

function Version({ version, digest }: { readonly version: number; readonly digest: string }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      {version}
      <Digest digest={digest} label={`digest of version ${version}`} />
    </span>
  );
}

function trustFacts(trusted: TrustView, version: number): readonly (readonly [string, ReactNode])[] {
  return [
    ["Trust", <OnHost key="trust" by={trusted.by} at={trusted.at} />],
    ["Reason", trusted.reason],
    ["Version", <Version key="version" version={version} digest={trusted.digest} />],
    ["Updates", trusted.updates ? <b key="updates" className="font-medium text-bad">trusted as soon as they are registered</b> : "untrusted until looked at"],
  ];
}

/** What there is to read before one says yes. */
function ToRead({ name, version, manifest }: { readonly name: string; readonly version: number; readonly manifest: OsManifest }) {
  if (manifest.hostScripts.length === 0) return null;
  return (
    <TitledCard title="To read first">
      <ul className="flex flex-col gap-1 px-4 pb-4">
        {manifest.hostScripts.map((script) => (
          <li key={script}>
            <Link href={paths.osFiles(name, { file: script, version })} prefetch={false} className="rounded-sm text-accent hover:underline">
              <Mono>{script}</Mono>
            </Link>
          </li>
        ))}
        {version < 2 ? null : (
          <li>
            <Link href={paths.osDiff(name, { from: version - 1, to: version })} prefetch={false} className="rounded-sm text-accent hover:underline">
              What version {version} changed
            </Link>
          </li>
        )}
        <li className="text-small text-soft">Scripts may source every other file of the host half.</li>
      </ul>
    </TitledCard>
  );
}
