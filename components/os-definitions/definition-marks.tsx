import { Status } from "#components/status/mark.tsx";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";

/** What is out of the ordinary about a definition, each with a shape and a word. */
export function DefinitionMarks({ definition, framed = false }: { readonly definition: Pick<OsDefinitionSummary, "hidden" | "blacklisted">; readonly framed?: boolean }) {
  return (
    <>
      {definition.hidden ? (
        <Status tone="unknown" framed={framed}>
          hidden
        </Status>
      ) : null}
      {definition.blacklisted ? (
        <Status tone="bad" framed={framed}>
          blacklisted
        </Status>
      ) : null}
    </>
  );
}
