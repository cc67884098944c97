import { api, paths } from "#components/paths.ts";
import type { DefaultsQuery } from "#components/paths.ts";

/** Where defaults are set: for the cluster, a definition, or a variant of it. */
export type DefaultsPlace = { readonly kind: "cluster" } | { readonly kind: "definition"; readonly name: string; readonly variant: string | null };

/** `debian+lab`, in words. */
export function placeText(place: DefaultsPlace): string {
  if (place.kind === "cluster") return "the cluster";
  return place.variant === null ? place.name : `${place.name}+${place.variant}`;
}

/** Address of the page, with the dialog that is open. */
export function placePath(place: DefaultsPlace, query: Omit<DefaultsQuery, "variant"> = {}): string {
  return place.kind === "cluster" ? paths.settingsParameters(query) : paths.osDefaults(place.name, { variant: place.variant ?? undefined, ...query });
}

export function placeApi(place: DefaultsPlace): string {
  return place.kind === "cluster" ? api.clusterParameters() : api.osParameters(place.name);
}

/** Body of a change of one default. Null removes it. */
export function changeBody(place: DefaultsPlace, visibility: "public" | "private", name: string, value: string | null) {
  const change = { [visibility]: { [name]: value } };
  return place.kind === "cluster" ? change : { variant: place.variant, ...change };
}
