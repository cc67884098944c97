import { requireAccess, requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import { audienceOf, GATE } from "./require-definition.ts";
import type { DefinitionRow } from "./require-definition.ts";

/**
 * Whether the caller may register content under a name: a new one, or one of theirs. That a name is taken can't be hidden; whose
 * it is, and what is there, isn't said.
 *
 * @returns the definition that has the name; null for a new one.
 * @throws SlipwayError `invalid`, `not_allowed`, `exists`
 */
export async function requireUpload(ctx: RequestContext, name: string): Promise<DefinitionRow | null> {
  await requireReach(ctx, "os.upload", "os");
  requireDefinitionName(name);
  const row = await ctx.services.db.osDefinition.findUnique({ where: { name }, select: GATE });
  if (row === null) return null;
  await requireAccess(ctx, "os.upload", { kind: "os", name, ownerId: row.ownerId, audience: audienceOf(row) }).catch((error: unknown) => {
    throw isSlipwayError(error) && error.code === "unknown_object" ? nameTaken(name) : error;
  });
  return row;
}

/** @throws SlipwayError `invalid`, field `name` */
export function requireDefinitionName(name: string): void {
  if (!DEFINITION_NAME.test(name)) {
    throw new SlipwayError("invalid", "name: An OS definition's name begins with a letter or digit and has at most 64 letters, digits, - . _.", { field: "name" });
  }
}

export function nameTaken(name: string): SlipwayError {
  return new SlipwayError("exists", `The name ${name} is taken.`, { field: "name" });
}
