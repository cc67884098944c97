import type { z } from "zod";
import { unknownObject } from "#lib/access/require.ts";
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
import { GATE, requireDefinition } from "./require-definition.ts";
import type { SetTrustInput } from "./schemas.ts";
import { setTrustInputSchema } from "./schemas.ts";

/**
 * Says that the host half of a definition's current version may run on hosts, or no longer. The trust is that content's: another
 * version has none, unless `updates` says that this definition's new versions do, which can be said of the cluster's own alone: administrators register those. For
 * administrators.
 *
 * @throws SlipwayError `conflict` where the current version isn't the one that was looked at; `invalid`, field `updates`
 */
export async function setTrust(ctx: RequestContext, name: string, input: SetTrustInput): Promise<OsDefinitionDetail> {
  await requireDefinition(ctx, "os.trust", name);
  const given = parseInput(setTrustInputSchema, input);
  await ctx.services.db.$transaction(async (tx) => {
    await lockDefinition(tx, name);
    const definition = await tx.osDefinition.findUnique({ where: { name }, select: GATE });
    if (definition === null) throw unknownObject("os", name);
    const details = given.trusted ? await trust(tx, ctx, definition, given) : await withdraw(tx, definition, given.reason);
    await appendAudit(tx, ctx, { action: "os.trust", object: { kind: "os", name }, outcome: "done", details });
    await appendEvents(tx, definitionEvents(name, definition.ownerId, definition.shares.map(({ userId }) => userId)));
  });
  return getOsDefinition(ctx, name);
}

type Given = z.output<typeof setTrustInputSchema> & { readonly trusted: true };

async function trust(tx: Transaction, ctx: RequestContext, definition: DefinitionRow, { digest, reason, updates }: Given) {
  const version = definition.currentVersion;
  if (version === null || version.digest !== digest) {
    throw new SlipwayError("conflict", `The current version of OS definition ${definition.name} isn't the one that this is about; look at it again.`, { field: "digest" });
  }
  if (updates && definition.ownerId !== null) {
    throw new SlipwayError("invalid", `updates: OS definition ${definition.name} belongs to ${definition.owner?.name ?? "a user"}, whose uploads would be trusted unseen.`, { field: "updates" });
  }
  await tx.osDefinition.update({
    where: { id: definition.id },
    data: { trustedDigest: digest, trustedBy: ctx.identity.name, trustedAt: new Date(), trustReason: reason, trustUpdates: updates, serialNo: { increment: 1 } },
    select: { id: true },
  });
  return { trusted: true, version: version.version, digest, reason, updates };
}

async function withdraw(tx: Transaction, definition: DefinitionRow, reason: string) {
  await tx.osDefinition.update({
    where: { id: definition.id },
    data: { trustedDigest: null, trustedBy: null, trustedAt: null, trustReason: null, trustUpdates: false, serialNo: { increment: 1 } },
    select: { id: true },
  });
  return { trusted: false, digest: definition.trustedDigest, reason };
}
