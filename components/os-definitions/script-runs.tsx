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
              {run.refusal === null ? (
                <ul className="flex flex-col gap-0.5">
                  {run.places.map((place) => (
                    <li key={place}>{placeOf(place, trusted)}</li>
                  ))}
                  {manifest.hostScripts.includes(run.script) && !run.places.includes("host") ? <li className="pl-5 text-small text-soft">its host half runs nowhere</li> : null}
                </ul>
              ) : (
                <span className="text-soft">
                  <b className="font-medium text-ink">nowhere</b>. {run.refusal}
                </span>
              )}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function placeOf(place: "appliance" | "host", trusted: TrustView | null) {
  if (place === "appliance") return <InAppliance detailed />;
  if (trusted !== null) return <OnHost by={trusted.by} at={trusted.at} />;
  return (
    <span className="inline-flex gap-1.5">
      <PlaceMark place="host" />
      <b className="font-medium text-bad">on the host, as root</b>
    </span>
  );
}
