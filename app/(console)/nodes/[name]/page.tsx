import type { Metadata } from "next";
import { Suspense } from "react";
import type { ReactNode } from "react";
import { formatCount } from "#components/format.ts";
import { InstanceTable } from "#components/instances/instance-table.tsx";
import { LiveRefresh } from "#components/live/live-refresh.tsx";
import { Capacity } from "#components/nodes/capacity.tsx";
import { NodeFolders } from "#components/nodes/node-folders.tsx";
import { consolePage } from "#components/page/console-page.tsx";
import { Status } from "#components/status/mark.tsx";
import { nodeStatus } from "#components/status/statuses.ts";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { SkeletonRows } from "#components/ui/skeleton.tsx";
import { reach } from "#lib/domain/access.ts";
import type { NodeView } from "#lib/domain/views.ts";
import { listInstances } from "#lib/instances/list-instances.ts";
import { getNode } from "#lib/nodes/get-node.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default function NodePage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const node = await getNode(ctx, decodeURIComponent((await params).name));
    const instances = await listInstances(ctx, { node: node.name, limit: 50 });
    const look = nodeStatus(node);
    return (
      <>
        <LiveRefresh interest={{ types: ["node.changed", "instance.changed", "instance.deleted"], node: node.name }} />
        <PageHeader
          title={node.name}
          mark={
            <Status tone={look.tone} framed>
              {look.word}
            </Status>
          }
        >
          {node.stateReason}
        </PageHeader>
        <div className="flex flex-col gap-5">
          <TitledCard title="Machine">
            <DefinitionList items={factsOf(node)} />
          </TitledCard>
          <TitledCard title="Instances" aside={instances.nextCursor === null ? undefined : `the first ${instances.items.length} of ${formatCount(node.instanceCount)}`}>
            {instances.items.length === 0 ? <EmptyState title="None on this node" /> : <InstanceTable instances={instances.items} query={null} everybodys />}
          </TitledCard>
          {reach(ctx.identity, "os.register") === "none" ? null : (
            <TitledCard title="OS folders" aside="definitions that lie on this node, as Ganeti has them">
              <Suspense fallback={<SkeletonRows rows={3} label="Asking the node" />}>
                <NodeFolders node={node.name} />
              </Suspense>
            </TitledCard>
          )}
        </div>
      </>
    );
  });
}

function factsOf(node: NodeView): readonly (readonly [string, ReactNode])[] {
  return [
    ["Agent", node.agentVersion === null ? "unknown" : <Mono key="agent">{node.agentVersion}</Mono>],
    ["Address", node.address === null ? "none until it has enrolled" : <Mono key="address">{node.address}</Mono>],
    ["Last heard", node.lastSeenAt === null ? "never" : <RelativeTime key="seen" at={node.lastSeenAt} />],
    ["CPUs", node.cpus ?? "unknown"],
    ["Memory", <Capacity key="memory" free={node.memoryFreeMib} total={node.memoryTotalMib} label="Memory" whole />],
    ["Disk", <Capacity key="disk" free={node.diskFreeMib} total={node.diskTotalMib} label="Disk" whole />],
    ["Runs guests with", accelerator(node)],
    ["Agent’s mode", MODE[node.mode ?? "unknown"]],
    ["Bridges", node.bridges.length === 0 ? "none that guests can be connected to" : <Mono key="bridges">{node.bridges.join(", ")}</Mono>],
    ["Routed NICs", node.routed ? "yes" : "no"],
    ["Takes new instances", node.offline || node.drained ? "no" : "yes"],
  ];
}

const MODE: Readonly<Record<NonNullable<NodeView["mode"]> | "unknown", string>> = {
  session: "session: without privileges, NICs in QEMU’s own network alone",
  system: "system: an interface for each guest, made by the privileged helper",
  simulated: "simulated: nothing runs on it",
  unknown: "unknown",
};

function accelerator(node: NodeView): string {
  if (node.accelerator === null) return "unknown";
  const word = node.accelerator === "kvm" ? "KVM" : "TCG: without hardware acceleration, so slower";
  return node.acceleratorReason === null ? word : `${word}. ${node.acceleratorReason}`;
}
