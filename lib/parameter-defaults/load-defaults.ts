import type { Services } from "#lib/context/context.ts";
import type { DefaultParameter } from "#lib/domain/merge-parameters.ts";
import { readDefault } from "./stored-defaults.ts";

/**
 * The defaults that count for an install with a definition and variant, private ones still sealed.
 *
 * A private default of the cluster is given to the cluster's own definitions alone: anybody could otherwise upload a definition
 * that declares `ldap_password`, and read it in its script. The public ones are given to all that declare them.
 */
export async function loadDefaults(
  { db, keyring }: Pick<Services, "db" | "keyring">,
  { definitionId, variant }: { readonly definitionId: string; readonly variant: string | null },
): Promise<DefaultParameter[]> {
  const definition = await db.osDefinition.findUnique({ where: { id: definitionId }, select: { ownerId: true } });
  if (definition === null) return [];
  const ofCluster = definition.ownerId === null ? { definitionId: null } : { definitionId: null, visibility: "public" as const };
  const ofVariant = variant === null ? [] : [{ definitionId, variant }];
  const rows = await db.parameterDefault.findMany({ where: { OR: [ofCluster, { definitionId, variant: null }, ...ofVariant] } });
  return Promise.all(rows.map((row) => readDefault(keyring, row)));
}
