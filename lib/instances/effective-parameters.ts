/** What an instance would be installed with if nothing were sent (design: visibility, "Reinstall re-asks"). */
import type { Keyring, Services } from "#lib/context/context.ts";
import type { InstanceParameter } from "#lib/db/client.ts";
import type { KeptParameter, StoredSources } from "#lib/domain/merge-parameters.ts";
import { mergeParameters, raise } from "#lib/domain/merge-parameters.ts";
import type { ParameterView } from "#lib/domain/parameters.ts";
import { loadDefaults } from "#lib/parameter-defaults/load-defaults.ts";
import { fingerprintScope, toView } from "#lib/parameter-defaults/parameter-view.ts";
import { readDeclarations } from "#lib/parameter-defaults/read-declarations.ts";
import type { FoundDefinition } from "./find-definition.ts";
import { keptParameters } from "./kept-parameters.ts";

/** Everything that is stored for an install, private values still sealed. Without a definition nothing is declared, and there are no defaults. */
export async function storedSources(services: Services, definition: FoundDefinition | null, rows: readonly InstanceParameter[]): Promise<StoredSources> {
  if (definition === null) return { declarations: null, kept: await keptParameters(services.keyring, rows), defaults: [] };
  const [kept, defaults] = await Promise.all([keptParameters(services.keyring, rows), loadDefaults(services, definition)]);
  return { declarations: definition.planned.manifest.parameters, kept, defaults };
}

/** What may be told of it, by name. Secrets that have to be sent are among it. */
export function viewSources(keyring: Keyring, sources: StoredSources, ids: { readonly instanceId: string; readonly definitionId: string }): ParameterView[] {
  const { found, toSend } = mergeParameters(sources);
  const views = [
    ...[...found.values()].map((parameter) => toView(keyring, parameter, fingerprintScope(parameter.from, ids))),
    ...[...toSend].map(([name, from]) => toView(keyring, { name, parameter: null, from }, fingerprintScope(from, ids))),
  ];
  return views.toSorted(byName);
}

/** An instance's parameters as they are read: what it keeps, and what its definition as it is now gives it beside that. */
export async function instanceParameters(
  services: Services,
  row: { readonly id: string; readonly definitionId: string | null; readonly variant: string | null; readonly parameters: readonly InstanceParameter[] },
): Promise<ParameterView[]> {
  const { id: instanceId, definitionId, variant } = row;
  const kept = await keptParameters(services.keyring, row.parameters);
  if (definitionId === null) return kept.map((parameter) => viewKept(services.keyring, parameter, instanceId));
  const [{ declarations }, defaults] = await Promise.all([readDeclarations(services.db, definitionId), loadDefaults(services, { definitionId, variant })]);
  const views = viewSources(services.keyring, { declarations, kept, defaults }, { instanceId, definitionId });
  // Kept, and of no use to the definition as it is now.
  const idle = kept.filter(({ name }) => !declarations.some((declaration) => declaration.name === name));
  return [...views, ...idle.map((parameter) => viewKept(services.keyring, parameter, instanceId))].toSorted(byName);
}

function viewKept(keyring: Keyring, kept: KeptParameter, instanceId: string): ParameterView {
  return toView(keyring, { name: kept.name, parameter: raise(kept, "public"), from: "instance" }, instanceId);
}

function byName(a: ParameterView, b: ParameterView): number {
  return a.name < b.name ? -1 : 1;
}
