import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { formatBytes, plural } from "#components/format.ts";
import { DeclaredParameters } from "#components/os-definitions/declared-parameters.tsx";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { needsText } from "#components/os-definitions/needs.ts";
import { ScriptRuns } from "#components/os-definitions/script-runs.tsx";
import { TrustOf } from "#components/os-definitions/trust.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { VisibilityLegend } from "#components/parameters/visibility-mark.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card, TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { ExpectedStep } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default function OsDefinitionPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async () => {
    const definition = await loadDefinition((await params).name);
    const { name, manifest, trusted } = definition;
    if (manifest === null) {
      return (
        <Card>
          <EmptyState title="No version yet" action={<ButtonLink href={paths.uploadDefinition(name)}>Upload the first version</ButtonLink>} />
        </Card>
      );
    }
    return (
      <div className="flex flex-col gap-5">
        <div className="grid items-start gap-5 lg:grid-cols-2">
          <TitledCard title="Definition">
            <DefinitionList items={factsOf(definition)} />
          </TitledCard>
          <div className="flex min-w-0 flex-col gap-5">
            <TitledCard title="What runs where" aside={trusted === null ? "nobody trusts this version" : undefined}>
              <ScriptRuns runs={definition.runs} manifest={manifest} trusted={trusted} />
              {trusted === null ? null : (
                <p className="border-t border-line px-4 py-3 text-soft">
                  <TrustOf trusted={trusted} />
                  <span className="block wrap-anywhere">“{trusted.reason}”{trusted.updates ? " Updates are trusted too." : ""}</span>
                </p>
              )}
            </TitledCard>
            <TitledCard title="Steps" aside="as an install reports them">
              <Steps steps={manifest.steps} />
            </TitledCard>
          </div>
        </div>
        <TitledCard title="Parameters">
          {manifest.parameters.length === 0 ? (
            <EmptyState title="It declares none" />
          ) : (
            <>
              <div className="px-4 pb-3">
                <VisibilityLegend />
              </div>
              <DeclaredParameters parameters={manifest.parameters} />
            </>
          )}
        </TitledCard>
      </div>
    );
  });
}

function factsOf(definition: OsDefinitionDetail): readonly (readonly [string, ReactNode])[] {
  const { manifest, image, digest, versions } = definition;
  const current = versions.find(({ version }) => version === definition.version);
  const defaultImage = manifest?.defaultImage ?? null;
  const install = Object.entries(manifest?.installParameters ?? {});
  return [
    ...(manifest === null || manifest.description === "" ? [] : [["About", manifest.description] as const]),
    ["Variants", definition.variants.length === 0 ? "none" : <Mono key="variants">{definition.variants.join(", ")}</Mono>],
    ["Needs", manifest === null ? "unknown" : needsText(manifest)],
    ["Appliance", manifest?.appliance ?? "unknown"],
    ["Own image", image === null ? "none" : <span key="image"><Digest digest={image.digest} label="digest of the image" /> {formatBytes(image.sizeBytes)}</span>],
    ...(defaultImage === null ? [] : [["Disk image", <Mono key="disk-image">{`${defaultImage.location} (${defaultImage.format})`}</Mono>] as const]),
    ...(install.length === 0 ? [] : [["Installs with", <Mono key="install">{install.map(([name, value]) => `${name}=${value}`).join(", ")}</Mono>] as const]),
    ["Ganeti API", definition.apiVersions.join(", ")],
    ["Used by", plural(definition.instanceCount, "instance", "instances")],
    [
      "Version",
      <span key="version" className="inline-flex flex-wrap items-center gap-x-3">
        <Link href={paths.osVersions(definition.name)} prefetch={false} className="rounded-sm text-accent hover:underline">
          {definition.version}
        </Link>
        {digest === null ? null : <Digest digest={digest} label="digest of the version" />}
      </span>,
    ],
    ...(current === undefined
      ? []
      : [
          [
            "Registered",
            <span key="registered">
              <RelativeTime at={current.createdAt} /> by {current.registeredBy}, from {current.source}
            </span>,
          ] as const,
        ]),
  ];
}

function Steps({ steps }: { readonly steps: readonly ExpectedStep[] }) {
  if (steps.length === 0) return <p className="px-4 pb-4 text-soft">It names none beforehand.</p>;
  return (
    <ol className="list-inside list-decimal px-4 pb-4 marker:text-soft">
      {steps.map((step) => (
        <li key={step.id} className="py-0.5">
          {step.label}
        </li>
      ))}
    </ol>
  );
}
