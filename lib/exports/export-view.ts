import type { Prisma } from "#lib/db/client.ts";
import { exportManifestSchema } from "#lib/domain/export-manifest.ts";
import type { ExportSummary, ExportView } from "#lib/domain/export-views.ts";

/** What is read of an export beside its own row. */
export const EXPORT_VIEW = { owner: { select: { name: true } }, node: { select: { name: true } } } as const satisfies Prisma.InstanceExportInclude;
export type ExportRow = Prisma.InstanceExportGetPayload<{ include: typeof EXPORT_VIEW }>;

export function exportView(row: ExportRow): ExportView {
  const manifest = exportManifestSchema.parse(row.manifest);
  return {
    id: row.id,
    instanceName: row.instanceName,
    owner: row.owner?.name ?? null,
    node: row.node.name,
    osType: manifest.os.osType,
    sizeBytes: Number(row.sizeBytes),
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    manifest,
  };
}

export function exportSummary(row: ExportRow): ExportSummary {
  const { manifest: _manifest, ...summary } = exportView(row);
  return summary;
}
