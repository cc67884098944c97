import type { OsManifest } from "#lib/domain/os-definition.ts";
import type { ScriptRunView } from "#lib/domain/os-definition-views.ts";
import type { Placement, ScriptName } from "#lib/domain/place-scripts.ts";
import { placeScript, SCRIPTS } from "#lib/domain/place-scripts.ts";
import { refuseAppliance, refuseDefinition } from "#lib/domain/plan-refusals.ts";
import type { ClusterFacts, HostScripts } from "./host-scripts.ts";

export interface RunFacts {
  readonly definition: string;
  readonly isTrusted: boolean;
  readonly hostScripts: HostScripts;
}

/** Where each script that either half has would run now, with safe install and on whichever node of the cluster can. */
export function scriptRuns(manifest: Halves, facts: RunFacts): ScriptRunView[] {
  const { hostScripts, untrustedScripts } = manifest;
  return SCRIPTS.filter((script) => hostScripts.includes(script) || untrustedScripts.includes(script)).map((script) => {
    const placed = place(script, manifest, facts);
    return placed.ok ? { script, places: placed.places, refusal: null } : { script, places: [], refusal: placed.message };
  });
}

type Halves = Pick<OsManifest, "hostScripts" | "untrustedScripts">;

function place(script: ScriptName, { hostScripts, untrustedScripts }: Halves, facts: RunFacts): Placement {
  return placeScript(script, {
    definition: facts.definition,
    hostScripts,
    untrustedScripts,
    isTrusted: facts.isTrusted,
    clusterAllowsHostScripts: facts.hostScripts.allowed,
    nodeRunsHostScripts: facts.hostScripts.anyNodeRunsThem,
    safeInstall: true,
  });
}

export interface OfferedDefinition {
  readonly name: string;
  readonly isTrusted: boolean;
  readonly blacklisted: boolean;
  readonly apiVersions: readonly number[];
  readonly manifest: OsManifest;
}

/** Why nothing can be installed with a definition, by the rules of the plan that hold whatever is asked for; null: nothing speaks against it. */
export function installRefusal({ name, isTrusted, ...definition }: OfferedDefinition, { hostScripts, applianceHasRoot }: ClusterFacts): string | null {
  const refused = refuseDefinition({ name, ...definition });
  if (refused !== null) return refused.message;
  const placed = place("create", definition.manifest, { definition: name, isTrusted, hostScripts });
  if (!placed.ok) return placed.message;
  return refuseAppliance(name, placed.places.includes("appliance") ? definition.manifest.appliance : null, applianceHasRoot)?.message ?? null;
}
