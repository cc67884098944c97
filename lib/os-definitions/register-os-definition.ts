import { createHash } from "node:crypto";
import path from "node:path";
import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import { importBlobBytes, importBlobFile } from "#lib/blobs/blob-files.ts";
import type { StoredBlob } from "#lib/blobs/blob-files.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { getOsDefinition } from "./get-os-definition.ts";
import { readDefinitionDirectory } from "./read-definition-directory.ts";

export interface RegisterOsDefinitionInput {
  /** Absolute. Its last part is the definition's name. */
  readonly directory: string;
  /** The read-only image that the definition carries: a file of this machine, and its sha256. */
  readonly image?: { readonly file: string; readonly digest: string };
}

/**
 * Takes an OS definition in. The same content again changes nothing; another content is a new version, which nobody has
 * trusted yet, whatever the one before was.
 *
 * @throws SlipwayError `invalid` with the file in which the problem is, `too_large`
 */
export async function registerOsDefinition(ctx: RequestContext, input: RegisterOsDefinitionInput): Promise<OsDefinitionDetail> {
  const directory = path.resolve(input.directory);
  const name = path.basename(directory);
  await requireAccess(ctx, "os.register", { kind: "os", name, ownerId: null });
  if (!DEFINITION_NAME.test(name)) throw new SlipwayError("invalid", "The folder's name can't be an OS definition's: letters, digits, - . _ only.", { field: "directory" });
  const parsed = await readDefinitionDirectory(directory);
  const { blobs } = ctx.services.config.paths;
  const image = input.image === undefined ? null : await importBlobFile(blobs, input.image.file, input.image.digest);
  const untrusted = parsed.untrustedTar === null ? null : await importBlobBytes(blobs, parsed.untrustedTar);
  const digest = versionDigest(parsed, image);
  await ctx.services.db.$transaction(async (tx) => {
    const { id } = await tx.osDefinition.upsert({ where: { name }, create: { name, ownerId: null }, update: {}, select: { id: true } });
    // Two registrations of one definition take turns.
    await tx.$executeRaw(Prisma.sql`SELECT 1 FROM os_definition WHERE id = ${id}::uuid FOR UPDATE`);
    for (const blob of [image, untrusted]) if (blob !== null) await recordBlob(tx, blob);
    await tx.osFileContent.createMany({ data: [...parsed.contents].map(([file, content]) => ({ digest: file, content: new Uint8Array(content) })), skipDuplicates: true });
    const version = await findOrAddVersion(tx, id, parsed, { digest, image, untrusted });
    const changed = await tx.osDefinition.updateMany({ where: { id, NOT: { currentVersionId: version.id } }, data: { currentVersionId: version.id, serialNo: { increment: 1 } } });
    // NULL is not unequal to anything, in SQL.
    const first = await tx.osDefinition.updateMany({ where: { id, currentVersionId: null }, data: { currentVersionId: version.id } });
    if (changed.count + first.count === 0) return;
    await appendAudit(tx, ctx, { action: "os.register", object: { kind: "os", name }, outcome: "done", details: { version: version.version, digest } });
    await appendEvents(tx, [{ payload: { type: "os.changed", name }, ownerId: null }]);
  });
  return getOsDefinition(ctx, name);
}

/** The image is part of what an install is made from, and so of what is trusted. */
function versionDigest(parsed: ParsedDefinition, image: StoredBlob | null): string {
  return image === null ? parsed.digest : createHash("sha256").update(`${parsed.digest}\n${image.digest}\n`).digest("hex");
}

/** Content that the store has, for rows that refer to it. */
export async function recordBlob(tx: Transaction, { digest, sizeBytes }: StoredBlob): Promise<void> {
  await tx.blob.upsert({ where: { digest }, create: { digest, sizeBytes: BigInt(sizeBytes) }, update: {}, select: { digest: true } });
}

async function findOrAddVersion(
  tx: Transaction,
  definitionId: string,
  parsed: ParsedDefinition,
  { digest, image, untrusted }: { readonly digest: string; readonly image: StoredBlob | null; readonly untrusted: StoredBlob | null },
): Promise<{ readonly id: string; readonly version: number }> {
  const known = await tx.osDefinitionVersion.findUnique({ where: { definitionId_digest: { definitionId, digest } }, select: { id: true, version: true } });
  if (known !== null) return known;
  const last = await tx.osDefinitionVersion.findFirst({ where: { definitionId }, orderBy: { version: "desc" }, select: { version: true } });
  return tx.osDefinitionVersion.create({
    data: {
      definitionId,
      version: (last?.version ?? 0) + 1,
      digest,
      apiVersions: [...parsed.apiVersions],
      variants: [...parsed.variants],
      manifest: toJson(parsed.manifest),
      sizeBytes: parsed.files.reduce((sum, { size }) => sum + size, 0),
      files: { createMany: { data: [...parsed.files] } },
      untrustedDigest: untrusted?.digest ?? null,
      imageDigest: image?.digest ?? null,
    },
    select: { id: true, version: true },
  });
}
