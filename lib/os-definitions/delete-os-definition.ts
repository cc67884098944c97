import { rm } from "node:fs/promises";
import { appendAudit } from "#lib/audit/append-audit.ts";
import { blobPath } from "#lib/blobs/blob-files.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { unknownObject } from "#lib/access/require.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { definitionEvents } from "./definition-events.ts";
import { lockContents, lockDefinition } from "./locks.ts";
import { GATE, requireDefinition } from "./require-definition.ts";
import { isDefinitionUsed } from "./uses.ts";

/**
 * Removes a definition with its versions, defaults and contents that no other definition has. Installs of the past keep what
 * stands in them. An image that it carried stays: an administrator brought it, and other definitions may name it.
 *
 * @throws SlipwayError `conflict` while an instance has it or is being installed with it
 */
export async function deleteOsDefinition(ctx: RequestContext, name: string): Promise<void> {
  const found = await requireDefinition(ctx, "os.delete", name);
  const { db, config } = ctx.services;
  const tars = await db.$transaction(async (tx) => {
    await lockContents(tx, "remove");
    await lockDefinition(tx, name);
    const definition = await tx.osDefinition.findUnique({ where: { name }, select: { ...GATE, _count: { select: { versions: true } } } });
    if (definition === null || definition.id !== found.id) throw unknownObject("os", name);
    // Whoever is just accepting an install with one of them has come to its end now, and is seen below.
    await tx.$executeRaw(Prisma.sql`SELECT 1 FROM os_definition_version WHERE definition_id = ${definition.id}::uuid FOR UPDATE`);
    if (await isDefinitionUsed(tx, definition.id)) {
      throw new SlipwayError("conflict", `Instances use OS definition ${name}; install them with another one or delete them first.`, { field: "name" });
    }
    const removed = await removeContents(tx, definition.id);
    await tx.osDefinition.delete({ where: { id: definition.id }, select: { id: true } });
    await appendAudit(tx, ctx, { action: "os.delete", object: { kind: "os", name }, outcome: "done", details: { versions: definition._count.versions, digest: definition.currentVersion?.digest ?? null } });
    await appendEvents(tx, definitionEvents(name, definition.ownerId, definition.shares.map(({ userId }) => userId)));
    return removed;
  });
  // Made again if the same content comes back (definition-tars.ts).
  for (const digest of tars) await rm(blobPath(config.paths.blobs, digest), { force: true });
}

/** @returns digests of the archives whose files nobody needs any more. */
async function removeContents(tx: Transaction, definitionId: string): Promise<string[]> {
  await tx.$executeRaw(Prisma.sql`
    DELETE FROM os_file_content WHERE digest IN (
      SELECT f.digest FROM os_definition_file f JOIN os_definition_version v ON v.id = f.version_id WHERE v.definition_id = ${definitionId}::uuid
    ) AND NOT EXISTS (
      SELECT 1 FROM os_definition_file f JOIN os_definition_version v ON v.id = f.version_id
      WHERE f.digest = os_file_content.digest AND v.definition_id <> ${definitionId}::uuid)`);
  const rows = await tx.$queryRaw<{ readonly digest: string }[]>(Prisma.sql`
    DELETE FROM blob WHERE digest IN (
      SELECT unnest(ARRAY[untrusted_digest, host_digest]) FROM os_definition_version WHERE definition_id = ${definitionId}::uuid
    ) AND NOT EXISTS (
      SELECT 1 FROM os_definition_version v
      WHERE v.image_digest = blob.digest OR (blob.digest IN (v.untrusted_digest, v.host_digest) AND v.definition_id <> ${definitionId}::uuid)
    ) AND NOT EXISTS (
      SELECT 1 FROM appliance a WHERE blob.digest IN (a.kernel_digest, a.initrd_digest, a.root_digest))
    RETURNING digest`);
  return rows.map(({ digest }) => digest);
}
