import type { Metadata } from "next";
import type { ReactNode } from "react";
import { DeleteExportDialog } from "#components/exports/delete-export-dialog.tsx";
import { ExportFiles } from "#components/exports/export-files.tsx";
import { ImportForm } from "#components/exports/import-form.tsx";
import { formatBytes, formatMib } from "#components/format.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { VisibilityMark } from "#components/parameters/visibility-mark.tsx";
import { paths } from "#components/paths.ts";
import { AskLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import type { RequestContext } from "#lib/context/context.ts";
import { reach } from "#lib/domain/access.ts";
import type { ExportView } from "#lib/domain/export-views.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import { getExport } from "#lib/exports/get-export.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";

interface Props {
  readonly params: Promise<{ readonly id: string }>;
}

export const metadata: Metadata = { title: "Export" };

export default function ExportPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const found = await getExport(ctx, decodeURIComponent((await params).id));
    const user = ctx.identity.name;
    const nodes = reach(ctx.identity, "instance.import") === "none" ? null : await takers(ctx);
    return (
      <>
        <PageHeader title={`Export of ${found.instanceName}`} actions={reach(ctx.identity, "export.delete") === "none" ? undefined : <AskLink href={paths.export(found.id, { do: "delete" })}>Delete</AskLink>}>
          <Mono>{found.osType}</Mono> · {formatBytes(found.sizeBytes)} on <Mono>{found.node}</Mono> · made by {found.createdBy} <RelativeTime at={found.createdAt} />
        </PageHeader>
        <div className="grid items-start gap-5 lg:grid-cols-2">
          <TitledCard title="What it is of">
            <DefinitionList items={factsOf(found)} />
          </TitledCard>
          {nodes === null ? null : <ImportForm exportId={found.id} parameters={found.manifest.parameters} nodes={nodes} user={user} />}
          <TitledCard title="Files" className="lg:col-span-2">
            <ExportFiles manifest={found.manifest} />
          </TitledCard>
        </div>
        <DeleteExportDialog id={found.id} instanceName={found.instanceName} node={found.node} user={user} />
      </>
    );
  });
}

/** Nodes that take new instances. */
async function takers(ctx: RequestContext): Promise<readonly string[]> {
  const { items } = await listNodes(ctx, { limit: PAGE_LIMITS.max });
  return items.filter(({ state, offline, drained }) => state === "online" && !offline && !drained).map(({ name }) => name);
}

function factsOf({ id, owner, manifest }: ExportView): readonly (readonly [string, ReactNode])[] {
  const { instance, os, parameters } = manifest;
  return [
    ["Instance", <Mono key="name">{instance.name}</Mono>],
    ["System", <span key="os"><Mono>{os.osType}</Mono>, version {os.version}</span>],
    ["Hardware", `${instance.vcpus} vCPU, ${formatMib(instance.memoryMib)}, ${instance.disks.map(({ sizeMib }) => formatMib(sizeMib)).join(" + ")} disk`],
    ["NICs", instance.nics.length === 0 ? "none" : instance.nics.map(({ network, mode }) => network ?? mode).join(", ")],
    ["Owner", owner ?? "nobody: administrators alone use it"],
    [
      "Parameters",
      parameters.length === 0 ? (
        "none"
      ) : (
        <ul key="parameters" className="flex flex-col gap-1">
          {parameters.map((parameter) => (
            <li key={parameter.name} className="flex flex-wrap items-center gap-x-3">
              <Mono>{parameter.name}</Mono>
              <VisibilityMark visibility={parameter.visibility} />
            </li>
          ))}
        </ul>
      ),
    ],
    ["Id", <span key="id" className="inline-flex items-center wrap-anywhere"><Mono>{id}</Mono><CopyIcon text={id} label="id" /></span>],
  ];
}
