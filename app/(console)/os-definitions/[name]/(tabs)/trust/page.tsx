import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { allowedActions } from "#components/os-definitions/rights.ts";
import { TrustForm } from "#components/os-definitions/trust-form.tsx";
import { TrustChanges } from "#components/os-definitions/trust-changes.tsx";
import { listed, trustEffect, whyNotOnHost } from "#components/os-definitions/trust-effect.ts";
import type { TrustEffect } from "#components/os-definitions/trust-effect.ts";
import { TrustOf } from "#components/os-definitions/trust.tsx";
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
    const effect = trustEffect(definition);
    const notOnHost = whyNotOnHost(effect, { hasHostScripts: manifest.hostScripts.length > 0, allowed: cluster.hostScripts });
    return (
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_400px]">
        <div className="flex min-w-0 flex-col gap-5">
          {notOnHost === null ? null : (
            <Notice kind="info" title="With trust too, nothing of it runs on a host">
              {`As things are, ${notOnHost}.`}
              {manifest.hostScripts.length === 0 || cluster.hostScripts ? null : (
                <>
                  {" "}
                  <Link href={paths.settings()} className="rounded-sm text-accent hover:underline">
                    Settings
                  </Link>
                </>
              )}
            </Notice>
          )}
          <Lost effect={effect} isTrusted={trusted !== null} />
          <TitledCard title="What trust changes">
            <TrustChanges definition={definition} />
          </TitledCard>
          <TrustForm name={name} version={version} digest={digest} withdraw={trusted !== null} owner={owner} effect={effect} notOnHost={notOnHost} blocked={definition.blockedActions.trust ?? null} user={ctx.identity.name} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <TitledCard title="Now">
            <DefinitionList items={trusted === null ? [["Trust", "nobody trusts this version"], ["Version", <Version key="version" version={version} digest={digest} />]] : trustFacts(trusted, version)} />
          </TitledCard>
          <ToRead name={name} version={version} manifest={manifest} />
        </div>
      </div>
    );
  });
}

/** What runs without trust, and with it nowhere. */
function Lost({ effect: { lost }, isTrusted }: { readonly effect: TrustEffect; readonly isTrusted: boolean }) {
  if (lost.length === 0) return null;
  const scripts = listed(lost.map(({ script }) => script));
  const isCreate = lost.some(({ script }) => script === "create");
  const title = isCreate ? (isTrusted ? "It can’t be installed while it is trusted" : "Once trusted, it can’t be installed") : `${scripts} ${isTrusted ? "runs nowhere while it is trusted" : "runs nowhere once it is trusted"}`;
  return (
    <Notice kind="wait" title={title}>
      <ul>
        {lost.map(({ script, refusal }) => (
          <li key={script}>{refusal}</li>
        ))}
      </ul>
      {`Without trust, ${scripts} ${lost.length === 1 ? "runs" : "run"} in the appliance.`}
    </Notice>
  );
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
    ["Trust", <TrustOf key="trust" trusted={trusted} />],
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
