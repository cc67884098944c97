import type { ReactNode } from "react";
import { VisibilityMark } from "#components/parameters/visibility-mark.tsx";
import { classes } from "#components/ui/classes.ts";
import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import type { ParameterDiff } from "#lib/domain/os-definition-views.ts";
import { declarationChanges } from "./declaration-changes.ts";

/** Parameters that came, went or are declared otherwise. */
export function ParameterChanges({ changes }: { readonly changes: readonly ParameterDiff[] }) {
  return (
    <Table label="Changed parameters">
      <thead>
        <tr>
          <Th>Parameter</Th>
          <Th>Change</Th>
          <Th>Class</Th>
          <Th>What changed</Th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <Tr key={change.name}>
            <Td>
              <Mono>{change.name}</Mono>
            </Td>
            <Td className={classes(change.change === "removed" && "text-bad", change.change === "added" && "text-ok")}>{change.change}</Td>
            <Td className="whitespace-nowrap">{classOf(change.before, change.after)}</Td>
            <Td className="min-w-[28ch] text-soft">{declarationChanges(change.before, change.after).join(" · ")}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function classOf(before: ParameterDeclaration | null, after: ParameterDeclaration | null): ReactNode {
  const now = after ?? before;
  if (now === null) return null;
  if (before === null || after === null || before.visibility === after.visibility) return <VisibilityMark visibility={now.visibility} />;
  return (
    <span className="inline-flex items-center gap-2">
      <VisibilityMark visibility={before.visibility} />→<VisibilityMark visibility={after.visibility} />
    </span>
  );
}
