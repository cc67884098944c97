import { z } from "zod";
import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { ApplianceView } from "#lib/domain/appliance-views.ts";

/** So many are told of, the newest; nobody has as many. */
const LISTED = 200;
const manifestSchema = z.object({ kernelVersion: z.string().default("") });
const PARTS = { kernel: { select: { sizeBytes: true } }, initrd: { select: { sizeBytes: true } }, root: { select: { sizeBytes: true } } } as const;

/** The cluster's install appliances, the newest first. */
export async function listAppliances(ctx: RequestContext): Promise<ApplianceView[]> {
  await requireAccess(ctx, "appliance.list", { kind: "appliance", name: null, ownerId: null });
  const { db } = ctx.services;
  const [rows, { applianceDigest }] = await Promise.all([
    db.appliance.findMany({ include: PARTS, orderBy: [{ createdAt: "desc" }, { digest: "asc" }], take: LISTED }),
    db.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { applianceDigest: true } }),
  ]);
  return rows.map((row) => ({
    digest: row.digest,
    name: row.name,
    contractVersion: row.contractVersion,
    kernelVersion: manifestSchema.parse(row.manifest).kernelVersion,
    hasRoot: row.rootDigest !== null,
    sizeBytes: Number(row.kernel.sizeBytes + row.initrd.sizeBytes + (row.root?.sizeBytes ?? 0n)),
    registeredBy: row.registeredBy,
    createdAt: row.createdAt.toISOString(),
    inUse: row.digest === applianceDigest,
  }));
}
