import type { Cluster } from "#lib/db/client.ts";
import type { ClusterView } from "#lib/domain/views.ts";

export function clusterView(row: Cluster): ClusterView {
  return {
    uuid: row.uuid,
    name: row.name,
    installTimeoutSeconds: row.installTimeoutSeconds,
    diskRetentionSeconds: row.diskRetentionSeconds,
    hostScripts: row.hostScripts,
    enableSafeInstall: row.enableSafeInstall,
    requireMetadataTokens: row.requireMetadataTokens,
    applianceDigest: row.applianceDigest,
    mediumTimeoutSeconds: row.mediumTimeoutSeconds,
    privateSources: row.privateSources,
    eraseDisks: row.eraseDisks,
    serialNo: row.serialNo,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
