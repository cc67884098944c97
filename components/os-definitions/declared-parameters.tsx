import { VisibilityMark } from "#components/parameters/visibility-mark.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import { typeText } from "./declaration-changes.ts";

/** What a definition asks for, each with the class that it must have at least. */
export function DeclaredParameters({ parameters }: { readonly parameters: readonly ParameterDeclaration[] }) {
  return (
    <Table label="Declared parameters">
      <thead>
        <tr>
          <Th>Parameter</Th>
          <Th>Class</Th>
          <Th>Type</Th>
          <Th>Default</Th>
          <Th>What it is</Th>
        </tr>
      </thead>
      <tbody>
        {parameters.map((parameter) => (
          <Tr key={parameter.name}>
            <Td className="whitespace-nowrap">
              <Mono>{parameter.name}</Mono>
            </Td>
            <Td>
              <VisibilityMark visibility={parameter.visibility} />
            </Td>
            <Td className="max-w-[32ch]">
              {typeText(parameter)}
              {parameter.required ? <span className="text-soft">, needed</span> : null}
            </Td>
            <Td>{parameter.default === null || parameter.default === "" ? <span className="text-soft">none</span> : <Mono>{parameter.default}</Mono>}</Td>
            <Td className="min-w-[24ch]">
              {parameter.help}
              {parameter.pattern === null ? null : (
                <span className="block text-small text-soft">
                  matches <Mono className="wrap-anywhere">{parameter.pattern}</Mono>
                </span>
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
