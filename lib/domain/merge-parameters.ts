/**
 * The order in which one source of a parameter overrides another, in its one place: declared < cluster < definition < variant
 * < instance, and above them all what a request sends (resolve-parameters.ts).
 *
 * A value is used in the stricter of its own class and the floor that the definition declares now (design: visibility, "The
 * definition decides the floor"). One that would have to be secret can't be: it was stored. It isn't used.
 */
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterSource, ParameterValue } from "./parameters.ts";
import type { Private, Visibility } from "./visibility.ts";
import { privateValue, stricter } from "./visibility.ts";

/** What an instance has from its last install. Of a secret there is the name only. */
export type KeptParameter =
  | { readonly name: string; readonly visibility: "public"; readonly value: string }
  | { readonly name: string; readonly visibility: "private"; readonly value: Private<string> }
  | { readonly name: string; readonly visibility: "secret" };

/** Places that a default can be set for, weakest first. */
export const DEFAULT_SOURCES = ["cluster", "definition", "variant"] as const satisfies readonly ParameterSource[];
export type DefaultSource = (typeof DEFAULT_SOURCES)[number];

/** What somebody has set for the installs that don't say otherwise. A secret has no default. */
export type DefaultParameter = { readonly name: string; readonly from: DefaultSource } & StoredValue;
type StoredValue = { readonly visibility: "public"; readonly value: string } | { readonly visibility: "private"; readonly value: Private<string> };

export interface EffectiveParameter {
  readonly name: string;
  readonly parameter: ParameterValue;
  readonly from: ParameterSource;
}

export interface StoredSources {
  /** What the definition declares; null where there is no definition, or one without a list. */
  readonly declarations: readonly ParameterDeclaration[] | null;
  readonly kept: readonly KeptParameter[];
  /** In any order. Those of parameters that the definition doesn't declare count for nothing. */
  readonly defaults: readonly DefaultParameter[];
}

export interface MergedParameters {
  readonly found: ReadonlyMap<string, EffectiveParameter>;
  /**
   * Secrets that a request has to send, and why: the last install had one, or a value that was stored for this very instance or
   * definition would have to be secret by now. A cluster's default says nothing of what a definition needs.
   */
  readonly toSend: ReadonlyMap<string, Exclude<ParameterSource, "declared" | "cluster" | "request">>;
}

/** What an install has before a request says anything. */
export function mergeParameters({ declarations, kept, defaults }: StoredSources): MergedParameters {
  const found = new Map<string, EffectiveParameter>();
  const toSend = new Map<string, Exclude<ParameterSource, "declared" | "cluster" | "request">>();
  if (declarations === null) {
    for (const parameter of kept) take(parameter, "instance", "public");
    return { found, toSend };
  }
  const keptByName = new Map(kept.map((parameter) => [parameter.name, parameter]));
  for (const { name, visibility, default: declared } of declarations) {
    const own = keptByName.get(name);
    const standing = own === undefined ? strongest(defaults, name) : undefined;
    if (own !== undefined) take(own, "instance", visibility);
    else if (standing !== undefined) take(standing, standing.from, visibility);
    else if (declared !== null && visibility === "public") found.set(name, { name, parameter: { visibility, value: declared }, from: "declared" });
  }
  return { found, toSend };

  function take(stored: KeptParameter, from: Exclude<ParameterSource, "declared" | "request">, floor: Visibility): void {
    const parameter = raise(stored, floor);
    if (parameter !== null) found.set(stored.name, { name: stored.name, parameter, from });
    else if (from !== "cluster") toSend.set(stored.name, from);
  }
}

function strongest(defaults: readonly DefaultParameter[], name: string): DefaultParameter | undefined {
  const ofName = defaults.filter((each) => each.name === name);
  return ofName.toSorted((a, b) => DEFAULT_SOURCES.indexOf(b.from) - DEFAULT_SOURCES.indexOf(a.from))[0];
}

/** A stored value in the class that its floor asks for now; null where there is none to use: a secret isn't stored. */
export function raise(stored: KeptParameter, floor: Visibility): ParameterValue | null {
  if (stored.visibility === "secret") return null;
  switch (stricter(stored.visibility, floor)) {
    case "secret":
      return null;
    case "private":
      return { visibility: "private", value: stored.visibility === "private" ? stored.value : privateValue(stored.value) };
    case "public":
      // Not private: the stricter of the two classes would be.
      return stored.visibility === "public" ? { visibility: "public", value: stored.value } : null;
  }
}
