import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import type { DefaultsView, DefaultView } from "#lib/domain/os-definition-views.ts";

/** What a parameter has without the default of one place: where from, and its value unless that is sealed. */
export interface Fallback {
  readonly from: "declared" | "cluster" | "definition";
  readonly value: string | null;
  readonly fingerprint: string | null;
}

/** A parameter in the table of the defaults of one place. */
export interface DefaultRow {
  readonly name: string;
  /** Null: set here, and no longer declared. */
  readonly declaration: ParameterDeclaration | null;
  /** What is set here; null: nothing. */
  readonly set: DefaultView | null;
  readonly otherwise: Fallback | null;
}

export interface DefinitionFacts {
  readonly declarations: readonly ParameterDeclaration[];
  /** As the API gives them: the definition's own and each variant's. */
  readonly defaults: readonly DefaultsView[];
  readonly cluster: DefaultsView;
  /** Private defaults of the cluster are given to its own definitions only. */
  readonly isClustersOwn: boolean;
}

/** Every declared parameter, then what is set and no longer declared. */
export function defaultRows(facts: DefinitionFacts, variant: string | null): readonly DefaultRow[] {
  const here = placeOf(facts.defaults, variant);
  const below = [...(variant === null ? [] : [placeOf(facts.defaults, null)]), facts.cluster];
  const declared = facts.declarations.map((declaration) => ({
    name: declaration.name,
    declaration,
    set: find(here, declaration.name),
    otherwise: fallback(declaration, below, facts.isClustersOwn),
  }));
  const names = new Set(facts.declarations.map(({ name }) => name));
  const left = (here?.parameters ?? []).filter(({ name }) => !names.has(name)).map((set) => ({ name: set.name, declaration: null, set, otherwise: null }));
  return [...declared, ...left];
}

/** Rows of the cluster, which knows no declarations. */
export function clusterRows(cluster: DefaultsView): readonly DefaultRow[] {
  return cluster.parameters.map((set) => ({ name: set.name, declaration: null, set, otherwise: null }));
}

function placeOf(defaults: readonly DefaultsView[], variant: string | null): DefaultsView | undefined {
  return defaults.find((place) => place.variant === variant);
}

function find(place: DefaultsView | undefined, name: string): DefaultView | null {
  return place?.parameters.find((parameter) => parameter.name === name) ?? null;
}

function fallback(declaration: ParameterDeclaration, below: readonly (DefaultsView | undefined)[], isClustersOwn: boolean): Fallback | null {
  for (const place of below) {
    const found = find(place, declaration.name);
    if (place === undefined || found === null || found.visibility === "secret" || place.from === "variant") continue;
    if (found.visibility === "public") return { from: place.from, value: found.value, fingerprint: null };
    if (place.from !== "cluster" || isClustersOwn) return { from: place.from, value: null, fingerprint: found.fingerprint };
  }
  return declaration.default === null || declaration.default === "" ? null : { from: "declared", value: declaration.default, fingerprint: null };
}

/** The class in which a value is set here: the declared one, unless it was set in a higher one. */
export function classOf({ declaration, set }: Pick<DefaultRow, "declaration" | "set">): "public" | "private" | "secret" {
  if (declaration?.visibility === "secret") return "secret";
  return declaration?.visibility === "private" || set?.visibility === "private" ? "private" : "public";
}
