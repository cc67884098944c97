import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { requireAccess } from "#lib/access/require.ts";
import { digestSchema } from "#lib/agent-protocol/messages.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import { importBlobFile } from "#lib/blobs/blob-files.ts";
import { recordBlob } from "#lib/blobs/record-blob.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { toJson } from "#lib/jobs/to-json.ts";

/** What the controller and the appliance's runner agree upon: appliance/README.md. One of version 1 creates and verifies, and no more. */
const CONTRACTS = [1, 2] as const;
const MANIFEST_BYTES = 1_048_576;

/** A file beside the manifest: no folder in its name, so that it can't lie elsewhere. */
const part = z.object({ file: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/), sha256: digestSchema, size: z.number().int().min(1) });
const manifestSchema = z.object({
  name: z.string().min(1).max(64),
  contract: z.literal(CONTRACTS, `must be ${CONTRACTS.join(" or ")}: this release knows no other contract`),
  kernelVersion: z.string().max(100),
  kernel: part,
  initrd: part,
  /** The full userland; an appliance made elsewhere may do without. */
  root: part.optional(),
});

/** Who registers the appliance that Slipway brings. What set-up has registered it may replace; what somebody has chosen stays. */
const SHIPPED = "set-up";

export interface ApplianceInput {
  readonly directory: string;
  /** sha256 of its manifest, lower-case hex, where it is known beforehand. */
  readonly digest?: string | undefined;
  /** The one that Slipway brings; otherwise somebody's own. */
  readonly shipped?: boolean;
}

export interface RegisteredAppliance {
  readonly digest: string;
  readonly name: string;
  /** Whether it wasn't there before. */
  readonly isNew: boolean;
  /** Whether installs use it now. */
  readonly inUse: boolean;
}

/**
 * Takes an install appliance in, as `appliance/build` makes one (design: install, "an administrator names another image"). It becomes the
 * cluster's where that has none yet, and a shipped one where the cluster's is shipped too: which one installs use is otherwise a setting
 * of the cluster. Again with the same content changes nothing.
 *
 * @throws SlipwayError `invalid` with what is wrong: another digest, another contract, a file
 */
export async function registerAppliance(ctx: RequestContext, input: ApplianceInput): Promise<RegisteredAppliance> {
  await requireAccess(ctx, "appliance.register", { kind: "appliance", name: null, ownerId: null });
  const { content, manifest } = await readManifest(path.resolve(input.directory));
  const digest = createHash("sha256").update(content).digest("hex");
  if (input.digest !== undefined && input.digest !== digest) throw new SlipwayError("invalid", `manifest.json of the appliance has the digest ${digest}, and ${input.digest} was given.`, { field: "digest" });
  const { blobs } = ctx.services.config.paths;
  const kernel = await importBlobFile(blobs, path.join(input.directory, manifest.kernel.file), manifest.kernel.sha256);
  const initrd = await importBlobFile(blobs, path.join(input.directory, manifest.initrd.file), manifest.initrd.sha256);
  const root = manifest.root === undefined ? null : await importBlobFile(blobs, path.join(input.directory, manifest.root.file), manifest.root.sha256);
  return ctx.services.db.$transaction(async (tx) => {
    await recordBlob(tx, kernel);
    await recordBlob(tx, initrd);
    if (root !== null) await recordBlob(tx, root);
    const registeredBy = input.shipped === true ? SHIPPED : ctx.identity.kind === "user" ? ctx.identity.name : "the command line";
    const { count } = await tx.appliance.createMany({
      data: [{ digest, name: manifest.name, contractVersion: manifest.contract, kernelDigest: kernel.digest, initrdDigest: initrd.digest, rootDigest: root?.digest ?? null, manifest: toJson(manifest), registeredBy }],
      skipDuplicates: true,
    });
    const replaced = input.shipped === true ? [{ applianceDigest: null }, { applianceDigest: { not: digest }, appliance: { registeredBy: SHIPPED } }] : [{ applianceDigest: null }];
    const changed = await tx.cluster.updateMany({ where: { id: 1, OR: replaced }, data: { applianceDigest: digest, serialNo: { increment: 1 } } });
    const inUse = (await tx.cluster.count({ where: { id: 1, applianceDigest: digest } })) > 0;
    if (count > 0 || changed.count > 0) {
      await appendAudit(tx, ctx, { action: "appliance.register", object: { kind: "appliance", name: manifest.name }, outcome: "done", details: { digest, contract: manifest.contract, kernelVersion: manifest.kernelVersion, inUse } });
      await appendEvents(tx, [{ payload: { type: "cluster.changed" }, ownerId: null }]);
    }
    return { digest, name: manifest.name, isNew: count > 0, inUse };
  });
}

async function readManifest(directory: string): Promise<{ readonly content: Buffer; readonly manifest: z.output<typeof manifestSchema> }> {
  const refusal = (what: string, cause?: unknown): SlipwayError => new SlipwayError("invalid", `manifest.json of the appliance ${what}.`, { field: "directory", cause });
  const handle = await open(path.join(directory, "manifest.json"), "r").catch((cause: unknown) => {
    throw refusal("can't be read", cause);
  });
  try {
    const buffer = Buffer.alloc(MANIFEST_BYTES + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, 0);
    if (bytesRead > MANIFEST_BYTES) throw refusal(`has more than ${MANIFEST_BYTES} bytes`);
    const content = buffer.subarray(0, bytesRead);
    let json: unknown;
    try {
      json = JSON.parse(content.toString("utf8"));
    } catch (cause) {
      throw refusal("is not JSON", cause);
    }
    const parsed = manifestSchema.safeParse(json);
    if (!parsed.success) throw refusal(`can't be used: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`);
    return { content, manifest: parsed.data };
  } finally {
    await handle.close();
  }
}
