import { createHash } from "node:crypto";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { StoredBlob } from "#lib/blobs/blob-files.ts";
import { recordBlob } from "#lib/blobs/record-blob.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { decide } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { quotaProblem } from "#lib/domain/os-quotas.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { definitionEvents } from "./definition-events.ts";
import { lockContents, lockDefinition, lockUploads } from "./locks.ts";
import type { DefinitionRow } from "./require-definition.ts";
import { audienceOf, GATE } from "./require-definition.ts";
import { nameTaken, refuseAlikeName, refuseOthers } from "./require-upload.ts";

export interface IncomingVersion {
  readonly name: string;
  readonly parsed: ParsedDefinition;
  /** The read-only image that it carries. */
  readonly image: StoredBlob | null;
  readonly operation: "os.upload" | "os.register";
  /** The name of whom the definition belongs to, as the request says; null: it says nothing of it. */
  readonly owner: string | null;
  /** `upload`, `folder` or `node NAME`. */
  readonly source: string;
}

/**
 * Takes a version in and makes it the current one, whole or not at all. The same content is the same version, so that going back
 * to an older one is registering it again. Trust belongs to a content: a new one has it only where an administrator said that this
 * definition's updates do.
 *
 * @throws SlipwayError `exists`, `conflict`, `too_large` past what the account may keep
 */
export async function storeVersion(ctx: RequestContext, incoming: IncomingVersion): Promise<void> {
  await ctx.services.db.$transaction((tx) => storeVersionIn(tx, ctx, incoming));
}

/** The same as the last part of a greater transaction: it ends with an event for the feed. */
export async function storeVersionIn(tx: Transaction, ctx: RequestContext, incoming: IncomingVersion): Promise<void> {
  const { name, parsed, image } = incoming;
  const digest = versionDigest(parsed, image);
  const userId = ctx.identity.kind === "user" && ctx.identity.role !== "administrator" ? ctx.identity.userId : null;
  await lockContents(tx, "store");
  if (userId !== null) await lockUploads(tx, userId);
  await refuseAlikeName(tx, name);
  // Skips as well where a name that is alike has come meanwhile.
  await tx.osDefinition.createMany({ data: [{ name, ownerId: userId }], skipDuplicates: true });
  await lockDefinition(tx, name);
  const definition = await tx.osDefinition.findUnique({ where: { name }, select: GATE });
  if (definition === null) await refuseAlikeName(tx, name);
  if (definition === null) throw new SlipwayError("conflict", `OS definition ${name} was deleted at this moment.`, { field: "name" });
  // Looked at before as well; somebody may have taken the name meanwhile.
  if (decide(ctx.identity, incoming.operation, definition.ownerId, audienceOf(definition)) !== "allowed") throw nameTaken(name);
  refuseOthers(ctx, definition, incoming);
  const known = await tx.osDefinitionVersion.findUnique({ where: { definitionId_digest: { definitionId: definition.id, digest } }, select: { id: true, version: true } });
  if (known === null && userId !== null) await checkQuota(tx, userId, definition.id, sizeOf(parsed));
  await storeContents(tx, parsed);
  const version = known === null ? await addVersion(tx, ctx, definition.id, { ...incoming, digest }) : await healVersion(tx, known, parsed);
  if (definition.currentVersion?.id !== version.id) await makeCurrent(tx, ctx, definition, { ...incoming, ...version, digest });
}

/** The image is part of what an install is made from, and so of what is trusted. */
export function versionDigest(parsed: ParsedDefinition, image: StoredBlob | null): string {
  return image === null ? parsed.digest : createHash("sha256").update(`${parsed.digest}\n${image.digest}\n`).digest("hex");
}

export function sizeOf(parsed: ParsedDefinition): number {
  return parsed.files.reduce((sum, { size }) => sum + size, 0);
}

async function checkQuota(tx: Transaction, userId: string, definitionId: string, added: number): Promise<void> {
  const definitions = await tx.osDefinition.count({ where: { ownerId: userId } });
  const versions = await tx.osDefinitionVersion.count({ where: { definitionId } });
  const stored = await tx.osDefinitionVersion.aggregate({ where: { definition: { ownerId: userId } }, _sum: { sizeBytes: true } });
  const problem = quotaProblem({ definitions, versions: versions + 1, bytes: (stored._sum.sizeBytes ?? 0) + added });
  if (problem !== null) throw new SlipwayError("too_large", problem, { field: "archive" });
}

/** Bytes that are there already aren't sent to the database again. */
async function storeContents(tx: Transaction, { contents }: ParsedDefinition): Promise<void> {
  const there = await tx.osFileContent.findMany({ where: { digest: { in: [...contents.keys()] } }, select: { digest: true } });
  const known = new Set(there.map(({ digest }) => digest));
  const missing = [...contents].filter(([digest]) => !known.has(digest));
  if (missing.length === 0) return;
  await tx.osFileContent.createMany({ data: missing.map(([digest, content]) => ({ digest, content: new Uint8Array(content) })), skipDuplicates: true });
}

interface StoredVersion {
  readonly id: string;
  readonly version: number;
}

async function addVersion(tx: Transaction, ctx: RequestContext, definitionId: string, incoming: IncomingVersion & { readonly digest: string }): Promise<StoredVersion> {
  const { parsed, image } = incoming;
  const untrustedDigest = await recordUntrusted(tx, parsed);
  if (image !== null) await recordBlob(tx, image);
  const last = await tx.osDefinitionVersion.findFirst({ where: { definitionId }, orderBy: { version: "desc" }, select: { version: true } });
  return tx.osDefinitionVersion.create({
    data: {
      definitionId,
      version: (last?.version ?? 0) + 1,
      digest: incoming.digest,
      apiVersions: [...parsed.apiVersions],
      variants: [...parsed.variants],
      title: parsed.manifest.title,
      manifest: toJson(parsed.manifest),
      sizeBytes: sizeOf(parsed),
      registeredBy: ctx.identity.name,
      source: incoming.source,
      files: { createMany: { data: [...parsed.files] } },
      untrustedDigest,
      imageDigest: image?.digest ?? null,
    },
    select: { id: true, version: true },
  });
}

/** A version of before its files were kept gets what is missing; nothing of what it says changes. */
async function healVersion(tx: Transaction, known: StoredVersion, parsed: ParsedDefinition): Promise<StoredVersion> {
  await tx.osDefinitionVersion.update({ where: { id: known.id }, data: { untrustedDigest: await recordUntrusted(tx, parsed) }, select: { id: true } });
  return known;
}

/** The untrusted half is a blob that is made of the files when a node needs it (definition-tars.ts), so that nothing is written before the commit. */
async function recordUntrusted(tx: Transaction, { untrustedTar }: ParsedDefinition): Promise<string | null> {
  if (untrustedTar === null) return null;
  const digest = createHash("sha256").update(untrustedTar).digest("hex");
  await recordBlob(tx, { digest, sizeBytes: untrustedTar.byteLength });
  return digest;
}

async function makeCurrent(tx: Transaction, ctx: RequestContext, definition: DefinitionRow, incoming: IncomingVersion & StoredVersion & { readonly digest: string }): Promise<void> {
  const { name, operation, source, version, digest } = incoming;
  const asUpdate = definition.trustUpdates && definition.trustedBy !== null && definition.ownerId === null;
  await tx.osDefinition.update({
    where: { id: definition.id },
    data: { currentVersionId: incoming.id, serialNo: { increment: 1 }, ...(asUpdate ? { trustedDigest: digest } : {}) },
    select: { id: true },
  });
  const trust = asUpdate ? { trust: `trusted as an update, as ${definition.trustedBy} said` } : {};
  await appendAudit(tx, ctx, { action: operation, object: { kind: "os", name }, outcome: "done", details: { version, digest, source, ...trust } });
  await appendEvents(tx, definitionEvents(name, definition.ownerId, definition.shares.map(({ userId }) => userId)));
}
