import type { RequestContext } from "#lib/context/context.ts";
import type { Queryable } from "#lib/db/client.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";

/** Names of fields, and values of public ones. A sealed value doesn't fit the type, and prints as nothing if forced. */
export type PublicFacts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface AuditRecord {
  /** An operation of lib/domain/access.ts, or `session.sign-in`, `node.enrol`. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly name: string | null };
  readonly outcome: "done" | "accepted" | "refused" | "failed";
  readonly errorCode?: ErrorCode;
  readonly details?: PublicFacts;
}

/** Who asked: a request's context, or what there is of it before anybody has signed in. */
export type AuditActor = Pick<RequestContext, "identity" | "interface" | "address" | "requestId">;

/** Names come from outside; the table takes no more of them than this. */
const NAME_LENGTH = 256;

/**
 * Adds a line to the audit log. Give it the transaction of the change where there is one: then there is no change
 * without its line.
 */
export async function appendAudit(db: Queryable, actor: AuditActor, record: AuditRecord): Promise<void> {
  await db.auditEntry.create({
    data: {
      actor: actor.identity.name.slice(0, NAME_LENGTH),
      actorId: actor.identity.kind === "user" ? actor.identity.userId : null,
      interface: actor.interface,
      address: actor.address,
      requestId: actor.requestId,
      action: record.action,
      objectKind: record.object.kind,
      objectName: record.object.name?.slice(0, NAME_LENGTH) ?? null,
      outcome: record.outcome,
      errorCode: record.errorCode ?? null,
      details: record.details === undefined ? {} : Object.fromEntries(Object.entries(record.details).map(([name, fact]) => [name, isList(fact) ? [...fact] : fact])),
    },
    select: { id: true },
  });
}

function isList(fact: PublicFacts[string]): fact is readonly string[] {
  return Array.isArray(fact);
}
