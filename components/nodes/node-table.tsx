import Link from "next/link";
import { formatCount } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { nodeStatus } from "#components/status/statuses.ts";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { NodeView } from "#lib/domain/views.ts";
import { Capacity } from "./capacity.tsx";

/** Nodes with their room. */
export function NodeTable({ nodes }: { readonly nodes: readonly NodeView[] }) {
  return (
    <Table label="Nodes">
      <thead>
        <tr>
          <Th>Node</Th>
          <Th>Status</Th>
          <Th className="text-right">Instances</Th>
          <Th>Memory</Th>
          <Th>Disk</Th>
          <Th className="text-right">CPUs</Th>
          <Th>Runs guests with</Th>
          <Th>Agent</Th>
          <Th>Last heard</Th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => {
          const look = nodeStatus(node);
          return (
            <Tr key={node.id}>
              <Td className="whitespace-nowrap">
                <Link href={paths.node(node.name)} prefetch={false} className="rounded-sm font-medium hover:text-accent hover:underline">
                  {node.name}
                </Link>
              </Td>
              <Td>
                <Status tone={look.tone}>{look.word}</Status>
              </Td>
              <Td className="text-right">{formatCount(node.instanceCount)}</Td>
              <Td>
                <Capacity free={node.memoryFreeMib} total={node.memoryTotalMib} label={`Memory of ${node.name}`} />
              </Td>
              <Td>
                <Capacity free={node.diskFreeMib} total={node.diskTotalMib} label={`Disk of ${node.name}`} />
              </Td>
              <Td className="text-right">{node.cpus}</Td>
              <Td className="whitespace-nowrap" title={node.acceleratorReason ?? undefined}>
                {node.accelerator === null ? <span className="text-soft">unknown</span> : node.accelerator === "kvm" ? "KVM" : "TCG, slower"}
              </Td>
              <Td>
                <Mono>{node.agentVersion}</Mono>
              </Td>
              <Td className="text-soft">{node.lastSeenAt === null ? "never" : <RelativeTime at={node.lastSeenAt} />}</Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
