import Link from "next/link";
import { formatCount } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { TrustOf } from "./trust.tsx";

/** OS definitions with what they offer and how far they are trusted. */
export function OsTable({ definitions }: { readonly definitions: readonly OsDefinitionSummary[] }) {
  return (
    <Table label="OS definitions">
      <thead>
        <tr>
          <Th>Definition</Th>
          <Th>Title</Th>
          <Th>Variants</Th>
          <Th>Code runs</Th>
          <Th className="text-right">Version</Th>
          <Th>Digest</Th>
          <Th className="text-right">Instances</Th>
        </tr>
      </thead>
      <tbody>
        {definitions.map((definition) => (
          <Tr key={definition.id}>
            <Td className="whitespace-nowrap">
              <Link href={paths.osDefinition(definition.name)} prefetch={false} className="rounded-sm font-medium hover:text-accent hover:underline">
                {definition.name}
              </Link>
              {definition.hidden ? <span className="ml-2 text-small text-soft">hidden</span> : null}
              {definition.blacklisted ? <span className="ml-2 text-small text-bad">blacklisted</span> : null}
            </Td>
            <Td className="max-w-[36ch] truncate">{definition.title}</Td>
            <Td className="max-w-[32ch] truncate">{definition.variants.length === 0 ? <span className="text-soft">none</span> : <Mono>{definition.variants.join(", ")}</Mono>}</Td>
            <Td className="whitespace-nowrap">
              <TrustOf trusted={definition.trusted} />
            </Td>
            <Td className="text-right">{definition.version ?? <span className="text-soft">none</span>}</Td>
            <Td>{definition.digest === null ? null : <Digest digest={definition.digest} label={`digest of ${definition.name}`} />}</Td>
            <Td className="text-right">{formatCount(definition.instanceCount)}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
