import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatBytes, formatCount, formatMib } from "#components/format.ts";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { DeclaredParameters } from "#components/os-definitions/declared-parameters.tsx";
import { DefinitionFiles } from "#components/os-definitions/definition-files.tsx";
import { TrustOf } from "#components/os-definitions/trust.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { reach } from "#lib/domain/access.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default function OsDefinitionPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const definition = await getOsDefinition(ctx, decodeURIComponent((await params).name));
    const mayCreate = reach(ctx.identity, "instance.create") !== "none" && definition.version !== null;
    const first = formatOsType(definition.name, definition.variants[0] ?? null);
    return (
      <>
        <LiveRefresh interest={{ types: ["os.changed"] }} />
        <PageHeader title={definition.name} actions={mayCreate ? <ButtonLink href={paths.newInstance({ os: first })}>New instance with it</ButtonLink> : undefined}>
          {definition.title}
        </PageHeader>
        <div className="flex flex-col gap-5">
          <div className="grid items-start gap-5 lg:grid-cols-2">
            <TitledCard title="Definition">
              <DefinitionList items={factsOf(definition)} />
            </TitledCard>
            <TitledCard title="Steps" aside="as an install reports them">
              <Steps definition={definition} />
            </TitledCard>
          </div>
          <TitledCard title="Parameters">
            {definition.manifest === null || definition.manifest.parameters.length === 0 ? <EmptyState title="It declares none" /> : <DeclaredParameters parameters={definition.manifest.parameters} />}
          </TitledCard>
          <TitledCard title="Files" aside={`${formatCount(definition.files.length)} in version ${definition.version ?? 0}`}>
            {definition.files.length === 0 ? <EmptyState title="No files" /> : <DefinitionFiles files={definition.files} trusted={definition.trusted !== null} />}
          </TitledCard>
        </div>
      </>
    );
  });
}

function factsOf(definition: OsDefinitionDetail): readonly (readonly [string, ReactNode])[] {
  const { manifest, image } = definition;
  return [
    ["About", manifest?.description ?? ""],
    ["Variants", definition.variants.length === 0 ? "none" : <Mono key="variants">{definition.variants.join(", ")}</Mono>],
    ["Code runs", <TrustOf key="trust" trusted={definition.trusted} />],
    ["Needs", manifest === null ? "unknown" : `${formatMib(manifest.minimumDiskMib)} disk, ${formatMib(manifest.minimumMemoryMib)} memory`],
    ["Image", image === null ? "none" : <span key="image"><Digest digest={image.digest} label="digest of the image" /> {formatBytes(image.sizeBytes)}</span>],
    ["Ganeti API", definition.apiVersions.join(", ")],
    ["Used by", `${formatCount(definition.instanceCount)} ${definition.instanceCount === 1 ? "instance" : "instances"}`],
    [
      "Versions",
      <ul key="versions">
        {definition.versions.map(({ version, digest, createdAt }) => (
          <li key={version} className="flex flex-wrap items-center gap-x-3">
            <span>{version}</span>
            <Digest digest={digest} label={`digest of version ${version}`} />
            <span className="text-soft">
              <RelativeTime at={createdAt} />
            </span>
          </li>
        ))}
      </ul>,
    ],
  ];
}

function Steps({ definition }: { readonly definition: OsDefinitionDetail }) {
  const steps = definition.manifest?.steps ?? [];
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
