import { requireAccess, requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import { audienceOf, GATE } from "./require-definition.ts";
import type { DefinitionRow } from "./require-definition.ts";

/**
 * Whether the caller may register content under a name: a new one, or one of theirs. That a name is taken can't be hidden; whose
 * it is, and what is there, isn't said to who may not see it.
 *
 * @returns the definition that has the name; null for a new one.
 * @throws SlipwayError `invalid`, `not_allowed`, `exists`
 */
export async function requireUpload(ctx: RequestContext, name: string): Promise<DefinitionRow | null> {
  await requireReach(ctx, "os.upload", "os");
  requireDefinitionName(name);
  const { db } = ctx.services;
  const row = await db.osDefinition.findUnique({ where: { name }, select: GATE });
  if (row === null) {
    await refuseAlikeName(db, name);
    return null;
  }
  await requireAccess(ctx, "os.upload", { kind: "os", name, ownerId: row.ownerId, audience: audienceOf(row) }).catch((error: unknown) => {
    throw isSlipwayError(error) && error.code === "unknown_object" ? nameTaken(name) : error;
  });
  return row;
}

/**
 * Whether an administrator may register what a folder or a node has under a name: a new one, or one of the cluster's own.
 *
 * @throws SlipwayError `invalid`, `not_allowed`, `exists`
 */
export async function requireRegistration(ctx: RequestContext, name: string): Promise<void> {
  await requireAccess(ctx, "os.register", { kind: "os", name, ownerId: null });
  requireDefinitionName(name);
  const { db } = ctx.services;
  const row = await db.osDefinition.findUnique({ where: { name }, select: GATE });
  if (row === null) await refuseAlikeName(db, name);
  else refuseOthers(ctx, row, { operation: "os.register", owner: null });
}

/**
 * A new name, if this is one, must not differ from another in upper and lower case alone: who chooses a definition by its name must not get
 * another one than they think of.
 *
 * @throws SlipwayError `exists`
 */
export async function refuseAlikeName(db: Queryable, name: string): Promise<void> {
  const rows = await db.$queryRaw<readonly { readonly name: string }[]>(Prisma.sql`SELECT name FROM os_definition WHERE lower(name) = lower(${name})`);
  if (rows.length > 0 && rows.every((row) => row.name !== name)) throw new SlipwayError("exists", `A name that differs from ${name} in upper and lower case alone is taken.`, { field: "name" });
}

/**
 * Of whom a definition with an owner gets versions: of its owner, and of an administrator who says whose it is. What comes
 * otherwise, from a folder or a node, and from administrators who think of the cluster's own, becomes no version of a definition
 * that somebody else has under that name, who could read it and have it trusted as theirs.
 *
 * @throws SlipwayError `exists`, field `name`; `conflict`, field `owner`
 */
export function refuseOthers(ctx: RequestContext, definition: Pick<DefinitionRow, "name" | "ownerId" | "owner">, incoming: { readonly operation: "os.upload" | "os.register"; readonly owner: string | null }): void {
  const { name, ownerId } = definition;
  const owner = definition.owner?.name ?? null;
  if (incoming.owner !== null && incoming.owner !== owner) {
    throw new SlipwayError("conflict", owner === null ? `OS definition ${name} is the cluster's own.` : `OS definition ${name} belongs to ${owner}.`, { field: "owner" });
  }
  if (ownerId === null || (incoming.operation === "os.upload" && (incoming.owner !== null || (ctx.identity.kind === "user" && ctx.identity.userId === ownerId)))) return;
  const way = incoming.operation === "os.upload" ? "name its owner to add a version to it, or choose another name" : "an archive that names its owner can add a version to it";
  throw new SlipwayError("exists", `OS definition ${name} belongs to ${owner ?? "a user"}: ${way}.`, { field: "name" });
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
