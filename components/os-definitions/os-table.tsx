import Link from "next/link";
import { formatCount } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { DefinitionMarks } from "./definition-marks.tsx";
import { TrustOf } from "./trust.tsx";

/** OS definitions with whose they are, what they offer and who trusts them. */
export function OsTable({ definitions, user }: { readonly definitions: readonly OsDefinitionSummary[]; readonly user: string }) {
  return (
    <Table label="OS definitions">
      <thead>
        <tr>
          <Th>Definition</Th>
          <Th>Title</Th>
          <Th>Owner</Th>
          <Th>Variants</Th>
          <Th>Trust</Th>
          <Th className="text-right">Version</Th>
          <Th className="text-right">Instances</Th>
        </tr>
      </thead>
      <tbody>
        {definitions.map((definition) => {
          const { name, owner, variants } = definition;
          return (
            <Tr key={definition.id}>
              <Td className="whitespace-nowrap">
                <span className="inline-flex items-center gap-2">
                  <Link href={paths.osDefinition(name)} prefetch={false} className="rounded-sm font-medium hover:text-accent hover:underline">
                    {name}
                  </Link>
                  <span className="inline-flex gap-2 text-small text-soft">
                    <DefinitionMarks definition={definition} />
                  </span>
                </span>
              </Td>
              <Td className="max-w-[32ch] truncate" title={definition.title}>
                {definition.title === name ? null : definition.title}
              </Td>
              <Td className="max-w-[20ch] truncate">{owner === null ? <span className="text-soft">cluster</span> : owner === user ? "you" : owner}</Td>
              <Td className="max-w-[24ch] truncate" title={variants.join(", ")}>
                {variants.length === 0 ? <span className="text-soft">none</span> : <Mono>{variants.join(", ")}</Mono>}
              </Td>
              <Td className="whitespace-nowrap">{definition.version === null ? <span className="text-soft">nothing registered</span> : <TrustOf trusted={definition.trusted} />}</Td>
              <Td className="text-right">{definition.version ?? <span className="text-soft">none</span>}</Td>
              <Td className="text-right">{formatCount(definition.instanceCount)}</Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
