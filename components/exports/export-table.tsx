import Link from "next/link";
import { formatBytes } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { ExportSummary } from "#lib/domain/export-views.ts";

/** Exports that nodes keep, the newest first. */
export function ExportTable({ exports }: { readonly exports: readonly ExportSummary[] }) {
  return (
    <Table label="Exports">
      <thead>
        <tr>
          <Th>Export of</Th>
          <Th>When</Th>
          <Th>OS</Th>
          <Th className="text-right">Size</Th>
          <Th>On</Th>
          <Th>Owner</Th>
          <Th>Made by</Th>
        </tr>
      </thead>
      <tbody>
        {exports.map((one) => (
          <Tr key={one.id}>
            <Td className="max-w-[40ch]">
              <Link href={paths.export(one.id)} prefetch={false} className="rounded-sm font-medium wrap-anywhere hover:text-accent hover:underline">
                {one.instanceName}
              </Link>
            </Td>
            <Td className="text-soft">
              <RelativeTime at={one.createdAt} />
            </Td>
            <Td className="whitespace-nowrap">
              <Mono>{one.osType}</Mono>
            </Td>
            <Td className="text-right whitespace-nowrap">{formatBytes(one.sizeBytes)}</Td>
            <Td className="whitespace-nowrap">
              <Mono>{one.node}</Mono>
            </Td>
            <Td className="whitespace-nowrap">{one.owner ?? <span className="text-soft">nobody</span>}</Td>
            <Td className="whitespace-nowrap">{one.createdBy}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
