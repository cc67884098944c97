/**
 * Where a script of an OS definition runs, or why it doesn't: the one rule that the preview, the console and the executor use
 * (design: install, "What a request can combine"; product, "Code that isn't trusted never runs on a host").
 *
 * The untrusted half runs in the appliance, whoever wrote it. The host half runs on the host if an administrator trusts this
 * very content, the cluster allows scripts on hosts, and the node's agent can run them. Where an operation has both halves and
 * both may run, both run, at the same time.
 */
export const SCRIPTS = ["create", "import", "export", "rename", "verify"] as const;
export type ScriptName = (typeof SCRIPTS)[number];
export type Place = "appliance" | "host";

export interface PlacementFacts {
  readonly definition: string;
  /** Names of the scripts of each half. */
  readonly hostScripts: readonly string[];
  readonly untrustedScripts: readonly string[];
  readonly isTrusted: boolean;
  readonly clusterAllowsHostScripts: boolean;
  /** Of the chosen node, or whether any does where none is chosen yet. Null: there is no node, so that nothing speaks against it. */
  readonly nodeRunsHostScripts: boolean | null;
  /** `enable_safe_install`; true unless a request says otherwise. */
  readonly safeInstall: boolean;
}

export type Placement =
  | { readonly ok: true; readonly places: readonly [Place, ...Place[]] }
  | { readonly ok: false; readonly code: "unsupported" | "invalid"; readonly field: "osType" | "safeInstall"; readonly message: string };

export function placeScript(script: ScriptName, facts: PlacementFacts): Placement {
  const name = `OS definition ${facts.definition}`;
  const hasHostHalf = facts.hostScripts.includes(script);
  const hasUntrustedHalf = facts.untrustedScripts.includes(script);
  if (!hasHostHalf && !hasUntrustedHalf) return { ok: false, code: "unsupported", field: "osType", message: `${name} has no ${script} script.` };
  if (hasUntrustedHalf && !facts.safeInstall) {
    return { ok: false, code: "invalid", field: "safeInstall", message: `${name} has an untrusted ${script} script, which runs in the appliance only; safe install can't be switched off.` };
  }
  const barrier = hostBarrier(facts);
  if (hasUntrustedHalf && (!hasHostHalf || barrier === "untrusted" || barrier === "forbidden")) return { ok: true, places: ["appliance"] };
  switch (barrier) {
    case null:
      return { ok: true, places: hasUntrustedHalf ? ["host", "appliance"] : ["host"] };
    case "untrusted":
      return { ok: false, code: "unsupported", field: "osType", message: `${name} is not trusted, and has no untrusted ${script} script.` };
    case "forbidden":
      return { ok: false, code: "unsupported", field: "osType", message: `${name} has only a host script for ${script}, and the cluster forbids scripts on hosts.` };
    case "unable":
      return { ok: false, code: "unsupported", field: "osType", message: `With trust, ${name} runs its ${script} script on the host, and no agent that could take it runs host scripts.` };
  }
}

/** What keeps a host half from running, the first that holds. */
function hostBarrier({ isTrusted, clusterAllowsHostScripts, nodeRunsHostScripts }: PlacementFacts): "untrusted" | "forbidden" | "unable" | null {
  if (!isTrusted) return "untrusted";
  if (!clusterAllowsHostScripts) return "forbidden";
  return nodeRunsHostScripts === false ? "unable" : null;
}
