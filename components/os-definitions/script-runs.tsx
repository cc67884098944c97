import { Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import type { ScriptRunView, TrustView } from "#lib/domain/os-definition-views.ts";
import { InAppliance, OnHost, PlaceMark } from "./trust.tsx";

interface Props {
  readonly runs: readonly ScriptRunView[];
  readonly manifest: Pick<OsManifest, "hostScripts" | "untrustedScripts">;
  readonly trusted: TrustView | null;
}

/**
 * Each script that a definition has, and where it would run now, by the rule that installs go by. `trusted` is null too for
 * content that isn't registered yet.
 */
export function ScriptRuns({ runs, manifest, trusted }: Props) {
  const had = runs.filter(({ script }) => manifest.hostScripts.includes(script) || manifest.untrustedScripts.includes(script));
  if (had.length === 0) return <p className="px-4 pb-4 text-soft">It has no script of either half, so nothing of it can run.</p>;
  return (
    <Table label="What runs where">
      <thead>
        <tr>
          <Th>Script</Th>
          <Th>Runs</Th>
        </tr>
      </thead>
      <tbody>
        {had.map((run) => (
          <Tr key={run.script}>
            <Td className="py-1.5 align-top">
              <Mono>{run.script}</Mono>
            </Td>
            <Td className="w-full min-w-[24ch] py-1.5">
              <RunPlaces run={run} trusted={trusted} detailed />
              {run.refusal === null && manifest.hostScripts.includes(run.script) && !run.places.includes("host") ? <p className="pl-5 text-small text-soft">its host half runs nowhere</p> : null}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The places of one script, or why it has none. */
export function RunPlaces({ run: { places, refusal }, trusted = null, detailed = false }: { readonly run: ScriptRunView; readonly trusted?: TrustView | null; readonly detailed?: boolean }) {
  if (refusal !== null) {
    return (
      <span className="text-soft">
        <b className="font-medium text-ink">nowhere</b>. {refusal}
      </span>
    );
  }
  return (
    <ul className="flex flex-col gap-0.5">
      {places.map((place) => (
        <li key={place}>{placeOf(place, trusted, detailed)}</li>
      ))}
    </ul>
  );
}

function placeOf(place: "appliance" | "host", trusted: TrustView | null, detailed: boolean) {
  if (place === "appliance") return <InAppliance detailed={detailed} />;
  if (trusted !== null) return <OnHost by={trusted.by} at={trusted.at} />;
  return (
    <span className="inline-flex gap-1.5">
      <PlaceMark place="host" />
      <b className="font-medium text-bad">on the host, as root</b>
    </span>
  );
}
