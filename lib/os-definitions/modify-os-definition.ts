import { requireAccess, unknownObject } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { definitionEvents } from "./definition-events.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { lockDefinition } from "./locks.ts";
import type { DefinitionRow } from "./require-definition.ts";
import { audienceOf, GATE, requireDefinition } from "./require-definition.ts";
import type { ModifyOsDefinitionInput } from "./schemas.ts";
import { modifyOsDefinitionInputSchema } from "./schemas.ts";

/**
 * Changes what is given and nothing else: whether a definition is listed and may be used for installs, and who sees it. For its
 * owner and administrators; only administrators blacklist.
 *
 * @throws SlipwayError `conflict` where it has changed since `serialNo`, `unknown_object` field `sharedWith`, `invalid`
 */
export async function modifyOsDefinition(ctx: RequestContext, name: string, input: ModifyOsDefinitionInput): Promise<OsDefinitionDetail> {
  const found = await requireDefinition(ctx, "os.modify", name);
  const { hidden, blacklisted, sharedWith, serialNo } = parseInput(modifyOsDefinitionInputSchema, input);
  if (blacklisted !== undefined) await requireAccess(ctx, "os.blacklist", { kind: "os", name, ownerId: found.ownerId, audience: audienceOf(found) });
  if (hidden === undefined && blacklisted === undefined && sharedWith === undefined) throw new SlipwayError("invalid", "Nothing to change is given.");
  await ctx.services.db.$transaction(async (tx) => {
    await lockDefinition(tx, name);
    const definition = await tx.osDefinition.findUnique({ where: { name }, select: { ...GATE, serialNo: true } });
    if (definition === null || definition.id !== found.id) throw unknownObject("os", name);
    if (serialNo !== undefined && serialNo !== definition.serialNo) {
      throw new SlipwayError("conflict", `OS definition ${name} has changed since it was read.`, { field: "serialNo" });
    }
    const people = sharedWith === undefined ? [] : await share(tx, definition, sharedWith);
    await tx.osDefinition.update({
      where: { id: definition.id },
      data: { ...(hidden === undefined ? {} : { hidden }), ...(blacklisted === undefined ? {} : { blacklisted }), serialNo: { increment: 1 } },
      select: { id: true },
    });
    const details = Object.fromEntries(Object.entries({ hidden, blacklisted, sharedWith }).flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])));
    await appendAudit(tx, ctx, { action: blacklisted === undefined ? "os.modify" : "os.blacklist", object: { kind: "os", name }, outcome: "done", details });
    // Those with whom it is no longer shared hear of it once more: it is gone from their lists.
    await appendEvents(tx, definitionEvents(name, definition.ownerId, [...definition.shares.map(({ userId }) => userId), ...people]));
  });
  return getOsDefinition(ctx, name);
}

/** @returns ids of those who see it now. */
async function share(tx: Transaction, definition: DefinitionRow, names: readonly string[]): Promise<string[]> {
  if (definition.ownerId === null) throw new SlipwayError("invalid", `OS definition ${definition.name} is the cluster's own, which everybody sees.`, { field: "sharedWith" });
  const wanted = [...new Set(names)];
  const users = await tx.user.findMany({ where: { name: { in: wanted.filter((name) => !name.includes("\0")) } }, select: { id: true, name: true } });
  const known = new Set(users.map(({ name }) => name));
  const unknown = wanted.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new SlipwayError("unknown_object", unknown.length === 1 ? `There is no user ${named(unknown)}.` : `There are no users ${named(unknown)}.`, { field: "sharedWith", names: unknown });
  const people = users.map(({ id }) => id).filter((id) => id !== definition.ownerId);
  await tx.osDefinitionShare.deleteMany({ where: { definitionId: definition.id, userId: { notIn: people } } });
  await tx.osDefinitionShare.createMany({ data: people.map((userId) => ({ definitionId: definition.id, userId })), skipDuplicates: true });
  return people;
}

/** As they were typed, but for what can't be seen or makes a sentence too long. Who typed them learns nothing new. */
function named(users: readonly string[]): string {
  const first = users.slice(0, MOST_NAMED).map((name) => name.slice(0, 64).replace(/\p{C}/gu, "\ufffd"));
  return [...first, ...(users.length > MOST_NAMED ? [`${users.length - MOST_NAMED} more`] : [])].join(", ");
}

const MOST_NAMED = 5;
