import type { ExportFile } from "#lib/agent-protocol/messages.ts";
import type { Queryable } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { exportManifestSchema } from "#lib/domain/export-manifest.ts";

/** What an import takes in. @throws SlipwayError `unknown_object` where the export was removed meanwhile */
export async function filesOfExport(db: Queryable, exportId: string): Promise<readonly ExportFile[]> {
  const row = await db.instanceExport.findUnique({ where: { id: exportId }, select: { manifest: true } });
  if (row === null) throw new SlipwayError("unknown_object", `There is no export ${exportId} any more.`, { field: "export" });
  return exportManifestSchema.parse(row.manifest).files;
}
