import type { RequestContext } from "#lib/context/context.ts";
import type { DefaultsView } from "#lib/domain/os-definition-views.ts";
import { requireDefinition } from "#lib/os-definitions/require-definition.ts";
import { readDeclarations } from "./read-declarations.ts";
import { defaultsView } from "./stored-defaults.ts";

export interface DefinitionDefaults {
  /** The definition's own, then one for each variant, also where there are none. */
  readonly defaults: readonly DefaultsView[];
}

/** The defaults that were set for a definition and its variants. @throws SlipwayError `unknown_object` */
export async function getDefinitionDefaults(ctx: RequestContext, name: string): Promise<DefinitionDefaults> {
  const { id } = await requireDefinition(ctx, "os.read", name);
  return definitionDefaults(ctx, id);
}

export async function definitionDefaults({ services: { db, keyring } }: RequestContext, definitionId: string): Promise<DefinitionDefaults> {
  const [{ variants, declarations }, rows] = await Promise.all([readDeclarations(db, definitionId), db.parameterDefault.findMany({ where: { definitionId } })]);
  // Those of variants that the current version hasn't got any more are shown as well, to be removed.
  const places = new Set([null, ...variants, ...rows.map(({ variant }) => variant).toSorted()]);
  return {
    defaults: await Promise.all([...places].map((variant) => defaultsView(keyring, { definitionId, variant }, rows.filter((row) => row.variant === variant), declarations))),
  };
}
