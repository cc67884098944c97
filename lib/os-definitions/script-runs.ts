import type { OsManifest } from "#lib/domain/os-definition.ts";
import type { ScriptRunView } from "#lib/domain/os-definition-views.ts";
import { placeScript, SCRIPTS } from "#lib/domain/place-scripts.ts";

export interface RunFacts {
  readonly definition: string;
  readonly isTrusted: boolean;
  /** Whether the cluster allows scripts on hosts. */
  readonly hostScripts: boolean;
}

/** Where each script that either half has would run now, with safe install and on a node that nothing is known of. */
export function scriptRuns({ hostScripts, untrustedScripts }: OsManifest, facts: RunFacts): ScriptRunView[] {
  return SCRIPTS.filter((script) => hostScripts.includes(script) || untrustedScripts.includes(script)).map((script) => {
    const placed = placeScript(script, {
      definition: facts.definition,
      hostScripts,
      untrustedScripts,
      isTrusted: facts.isTrusted,
      clusterAllowsHostScripts: facts.hostScripts,
      nodeRunsHostScripts: null,
      safeInstall: true,
    });
    return placed.ok ? { script, places: placed.places, refusal: null } : { script, places: [], refusal: placed.message };
  });
}
