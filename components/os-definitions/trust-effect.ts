import type { ScriptRunView } from "#lib/domain/os-definition-views.ts";

/** Where a definition's scripts run with trust and without it, by the rule that installs go by. */
export interface TrustRuns {
  readonly runsTrusted: readonly ScriptRunView[];
  readonly runsUntrusted: readonly ScriptRunView[];
}

export interface TrustEffect {
  /** Scripts that run on a host if it is trusted. */
  readonly onHost: readonly string[];
  /** Scripts that run without trust, and with it nowhere, each with why. */
  readonly lost: readonly { readonly script: string; readonly refusal: string }[];
  /** Scripts that run with trust, and without it nowhere. */
  readonly gained: readonly string[];
}

/** Scripts that run on a host. */
export function hostRuns(runs: readonly ScriptRunView[]): readonly string[] {
  return runs.flatMap(({ script, places }) => (places.includes("host") ? [script] : []));
}

/** What giving trust changes; withdrawing it is the same the other way round. */
export function trustEffect({ runsTrusted, runsUntrusted }: TrustRuns): TrustEffect {
  const refusedWithout = new Set(runsUntrusted.flatMap(({ script, refusal }) => (refusal === null ? [] : [script])));
  return {
    onHost: hostRuns(runsTrusted),
    lost: runsTrusted.flatMap(({ script, refusal }) => (refusal === null || refusedWithout.has(script) ? [] : [{ script, refusal }])),
    gained: runsTrusted.flatMap(({ script, refusal }) => (refusal === null && refusedWithout.has(script) ? [script] : [])),
  };
}

/** Why trust brings nothing onto a host; null: it does. */
export function whyNotOnHost(effect: Pick<TrustEffect, "onHost">, { hasHostScripts, allowed }: { readonly hasHostScripts: boolean; readonly allowed: boolean }): string | null {
  if (effect.onHost.length > 0) return null;
  if (!hasHostScripts) return "it has no script for hosts";
  return allowed ? "no agent of this cluster runs host scripts" : "the cluster forbids scripts on hosts";
}

/** `create`, `create and verify`, `create, rename and verify` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** What follows from giving trust, for whoever is about to. The digest of the version stands behind it. */
export function trustSentence({ onHost, lost }: TrustEffect, notOnHost: string | null): string {
  if (notOnHost === null) return `From the next install on, of exactly this version on hosts, as root: ${listed(onHost)}.`;
  const now = lost.some(({ script }) => script === "create") ? "with trust it can't be installed" : "trust changes nothing of what runs where";
  return `As things are, ${notOnHost}, and ${now}. The trust is kept for exactly this version, and counts as soon as that is otherwise.`;
}

/** What follows from withdrawing it. */
export function withdrawSentence(name: string, { onHost, lost, gained }: TrustEffect): string {
  const begin = onHost.length === 0 ? `Nothing of ${name} runs on a host now, nor after it.` : `From the next install on, nothing of ${name} runs on a host.`;
  if (gained.includes("create")) return `${begin} It can't be installed then: it has only a host half.`;
  return lost.some(({ script }) => script === "create") ? `${begin} It can be installed then, in the appliance.` : begin;
}
