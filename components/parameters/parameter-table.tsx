import type { ReactNode } from "react";
import type { ParameterSource, Visibility } from "#lib/domain/parameters.ts";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import { VisibilityMark } from "./visibility-mark.tsx";

export interface ParameterRow {
  readonly name: string;
  readonly visibility: Visibility;
  /** Of a public one. */
  readonly value: string | null;
  readonly fingerprint: string | null;
  readonly from: ParameterSource;
}

/** Where a value comes from, in words. */
export const FROM: Readonly<Record<ParameterSource, string>> = {
  declared: "what the definition declares",
  cluster: "the cluster’s default",
  definition: "the definition’s default",
  variant: "the variant’s default",
  instance: "kept with the instance",
  request: "this request",
};

/** Parameters by class. Of a private one the fingerprint is shown, of a secret one what has become of it. */
export function ParameterTable({ rows, secretNote }: { readonly rows: readonly ParameterRow[]; readonly secretNote: string }) {
  return (
    <Table label="Parameters">
      <thead>
        <tr>
          <Th>Parameter</Th>
          <Th>Class</Th>
          <Th>Value</Th>
          <Th>From</Th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Tr key={row.name}>
            <Td>
              <Mono>{row.name}</Mono>
            </Td>
            <Td>
              <VisibilityMark visibility={row.visibility} />
            </Td>
            <Td className="max-w-[48ch] min-w-[20ch]">{valueOf(row, secretNote)}</Td>
            <Td className="whitespace-nowrap">{sourceOf(row)}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

/** Of a secret nothing but its name is kept. */
function sourceOf({ visibility, from }: ParameterRow): string {
  return visibility === "secret" && from === "instance" ? "the last install" : FROM[from];
}

function valueOf(row: ParameterRow, secretNote: string): ReactNode {
  switch (row.visibility) {
    case "public":
      return row.value === null || row.value === "" ? <span className="text-soft">empty</span> : <Mono className="block max-h-24 overflow-y-auto whitespace-pre-wrap wrap-anywhere">{row.value}</Mono>;
    case "private":
      return (
        <span className="text-soft">
          set{row.fingerprint === null ? null : <> · fingerprint <Mono>{row.fingerprint}</Mono></>}
        </span>
      );
    case "secret":
      return <span className="text-soft">{secretNote}</span>;
  }
}
