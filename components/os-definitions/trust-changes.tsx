import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsDefinitionDetail, ScriptRunView } from "#lib/domain/os-definition-views.ts";
import { RunPlaces } from "./script-runs.tsx";

interface Props {
  readonly definition: Pick<OsDefinitionDetail, "runs" | "runsTrusted" | "runsUntrusted">;
}

/** Script by script where it runs now, where with trust, and where without. */
export function TrustChanges({ definition: { runs, runsTrusted, runsUntrusted } }: Props) {
  if (runs.length === 0) return <p className="px-4 pb-4 text-soft">It has no script of either half, so nothing of it can run.</p>;
  const of = (all: readonly ScriptRunView[], script: string) => all.find((run) => run.script === script);
  return (
    <Table label="What trust changes">
      <thead>
        <tr>
          <Th>Script</Th>
          <Th>Now</Th>
          <Th>With trust</Th>
          <Th>Without</Th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Tr key={run.script}>
            <Td className="py-1.5 align-top">
              <Mono>{run.script}</Mono>
            </Td>
            <Cell run={run} />
            <Cell run={of(runsTrusted, run.script)} />
            <Cell run={of(runsUntrusted, run.script)} />
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function Cell({ run }: { readonly run: ScriptRunView | undefined }) {
  return <Td className="w-1/3 min-w-[18ch] py-1.5 align-top">{run === undefined ? null : <RunPlaces run={run} />}</Td>;
}
