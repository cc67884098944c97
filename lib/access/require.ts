import type { RequestContext } from "#lib/context/context.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { Prisma } from "#lib/db/client.ts";
import type { Audience, Operation } from "#lib/domain/access.ts";
import { decide, reach } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

export type ObjectKind = "cluster" | "instance" | "install" | "job" | "os" | "node" | "network" | "user" | "appliance" | "export" | "receipt" | "snapshot" | "audit" | "event";

/** What an operation is about. `ownerId` of something that has no owner is null. */
export interface AccessObject {
  readonly kind: ObjectKind;
  /** As the caller named it; null for the whole collection. */
  readonly name: string | null;
  readonly ownerId: string | null;
  /** Who knows of it beside its owner; nobody unless said. */
  readonly audience?: Audience;
}

const NOUNS: Readonly<Record<ObjectKind, string>> = {
  cluster: "cluster",
  instance: "instance",
  install: "install",
  job: "job",
  os: "OS definition",
  node: "node",
  network: "network",
  user: "user",
  appliance: "appliance",
  export: "export",
  receipt: "receipt",
  snapshot: "snapshot",
  audit: "audit log",
  event: "event stream",
};

/** The answer for an object that isn't there, and, word for word, for one that the caller may not know of. */
export function unknownObject(kind: ObjectKind, name: string): SlipwayError {
  return new SlipwayError("unknown_object", `There is no ${NOUNS[kind]} ${name}.`, { field: kind });
}

/**
 * The one gate before every operation on an object (design: house style, "one place decides who may do what").
 * A refused attempt is audited.
 *
 * @throws SlipwayError `not_allowed`, or `unknown_object` where the caller may not even know that the object is there.
 */
export async function requireAccess(ctx: RequestContext, operation: Operation, object: AccessObject): Promise<void> {
  const decision = decide(ctx.identity, operation, object.ownerId, object.audience);
  switch (decision) {
    case "allowed":
      return;
    case "not_allowed":
      await auditRefusal(ctx, operation, object);
      throw notAllowed(object.kind);
    case "unknown":
      await auditRefusal(ctx, operation, object);
      throw unknownObject(object.kind, object.name ?? "");
  }
}

/**
 * As `requireAccess`, for an object that was looked for and isn't there: who may never do this is told so, everybody else that
 * it isn't there.
 *
 * @throws SlipwayError always
 */
export async function refuseMissing(ctx: RequestContext, operation: Operation, kind: ObjectKind, name: string): Promise<never> {
  if (reach(ctx.identity, operation) === "none") await requireAccess(ctx, operation, { kind, name, ownerId: null });
  throw unknownObject(kind, name);
}

/**
 * The gate before a list: what of it the caller sees, as a condition on the owner. Empty: everything.
 *
 * @throws SlipwayError `not_allowed`
 */
export async function requireReach(ctx: RequestContext, operation: Operation, kind: ObjectKind): Promise<{ readonly ownerId?: string }> {
  const found = reach(ctx.identity, operation);
  switch (found) {
    case "any":
      return {};
    // What is shown to a user beside what they own is a question of the kind of object: `requireSight`.
    case "visible":
    case "own":
      // Only users have such a reach (lib/domain/access.ts); the program itself reaches everything.
      return ctx.identity.kind === "user" ? { ownerId: ctx.identity.userId } : {};
    case "none":
      await auditRefusal(ctx, operation, { kind, name: null, ownerId: null });
      throw notAllowed(kind);
  }
}

/**
 * The gate before a list of OS definitions: which of them the caller sees, as a condition.
 *
 * @throws SlipwayError `not_allowed`
 */
export async function requireSight(ctx: RequestContext, operation: Operation): Promise<Prisma.OsDefinitionWhereInput> {
  const { ownerId } = await requireReach(ctx, operation, "os");
  if (ownerId === undefined) return {};
  if (reach(ctx.identity, operation) === "own") return { ownerId };
  // The same as `definitionAudience` of lib/domain/access.ts; a test holds the two together.
  return { OR: [{ ownerId: null }, { ownerId }, { shares: { some: { userId: ownerId } } }] };
}

function notAllowed(kind: ObjectKind): SlipwayError {
  return new SlipwayError("not_allowed", `This account may not do that with the ${NOUNS[kind]}.`, { field: kind });
}

async function auditRefusal(ctx: RequestContext, operation: Operation, object: AccessObject): Promise<void> {
  await appendAudit(ctx.services.db, ctx, {
    action: operation,
    object: { kind: object.kind, name: object.name },
    outcome: "refused",
    errorCode: "not_allowed",
  });
}
