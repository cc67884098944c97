/** Rows of defaults, read back. */
import type { Keyring } from "#lib/context/context.ts";
import type { ParameterDefault } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { DefaultParameter, DefaultSource } from "#lib/domain/merge-parameters.ts";
import { raise } from "#lib/domain/merge-parameters.ts";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import type { DefaultsView, DefaultView } from "#lib/domain/os-definition-views.ts";
import { toView } from "./parameter-view.ts";
import type { DefaultsPlace } from "./write-defaults.ts";

export function sourceOf({ definitionId, variant }: DefaultsPlace): DefaultSource {
  if (definitionId === null) return "cluster";
  return variant === null ? "definition" : "variant";
}

/** A default, a private value still sealed. */
export async function readDefault(keyring: Keyring, row: ParameterDefault): Promise<DefaultParameter> {
  const { definitionId, variant, name } = row;
  const common = { name, from: sourceOf(row) };
  if (row.visibility === "public") return { ...common, visibility: "public", value: row.publicValue ?? "" };
  // A constraint of the table says that a row of any other class holds an encrypted value.
  if (row.privateValue === null) throw new SlipwayError("internal", `The stored default of OS parameter ${name} is missing.`, { field: `osparams.${name}` });
  return { ...common, visibility: "private", value: await keyring.unseal(row.privateValue, { kind: "default", definitionId, variant, name }) };
}

/**
 * What may be told of the defaults of one place, by name.
 *
 * @param declarations the definition's; a default whose floor has risen above it is shown by the floor's rules.
 */
export async function defaultsView(keyring: Keyring, place: DefaultsPlace, rows: readonly ParameterDefault[], declarations: readonly ParameterDeclaration[]): Promise<DefaultsView> {
  const floors = new Map(declarations.map(({ name, visibility }) => [name, visibility]));
  const from = sourceOf(place);
  const parameters = rows.map(async (row): Promise<DefaultView> => {
    const parameter = raise(await readDefault(keyring, row), floors.get(row.name) ?? "public");
    const view = toView(keyring, { name: row.name, parameter, from }, place.definitionId ?? "cluster");
    return { ...view, updatedBy: row.updatedBy, updatedAt: row.updatedAt.toISOString() };
  });
  return { from, variant: place.variant, parameters: (await Promise.all(parameters)).toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}
