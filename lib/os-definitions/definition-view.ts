import type { Prisma } from "#lib/db/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail, OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";

const CURRENT = { id: true, version: true, digest: true, variants: true, manifest: true } as const;

export const SUMMARY = {
  owner: { select: { name: true } },
  currentVersion: { select: CURRENT },
  _count: { select: { instances: true } },
} as const satisfies Prisma.OsDefinitionInclude;

/** Versions that one answer tells of, newest first. */
const VERSIONS = 50;

export const DETAIL = {
  ...SUMMARY,
  // Not the archive: it is read where it is needed.
  currentVersion: { select: { ...CURRENT, apiVersions: true, files: { select: { path: true, mode: true, size: true, digest: true }, orderBy: { path: "asc" } }, image: { select: { digest: true, sizeBytes: true } } } },
  versions: { select: { version: true, digest: true, createdAt: true, registeredBy: true, source: true, sizeBytes: true }, orderBy: { version: "desc" }, take: VERSIONS },
} as const satisfies Prisma.OsDefinitionInclude;

type SummaryRow = Prisma.OsDefinitionGetPayload<{ include: typeof SUMMARY }>;
type DetailRow = Prisma.OsDefinitionGetPayload<{ include: typeof DETAIL }>;

export function definitionSummary(row: SummaryRow): OsDefinitionSummary {
  const { currentVersion: version, trustedDigest, trustedBy, trustedAt, trustReason } = row;
  const trusted = version !== null && trustedDigest === version.digest && trustedBy !== null && trustedAt !== null;
  return {
    id: row.id,
    name: row.name,
    title: version === null ? row.name : osManifestSchema.parse(version.manifest).title || row.name,
    variants: version?.variants ?? [],
    owner: row.owner?.name ?? null,
    trusted: trusted ? { by: trustedBy, at: trustedAt.toISOString(), reason: trustReason ?? "", digest: trustedDigest, updates: row.trustUpdates } : null,
    hidden: row.hidden,
    blacklisted: row.blacklisted,
    version: version?.version ?? null,
    digest: version?.digest ?? null,
    instanceCount: row._count.instances,
  };
}

export function definitionDetail(row: DetailRow): OsDefinitionDetail {
  const version = row.currentVersion;
  const image = version?.image ?? null;
  return {
    ...definitionSummary(row),
    manifest: version === null ? null : osManifestSchema.parse(version.manifest),
    apiVersions: version?.apiVersions ?? [],
    files: version?.files ?? [],
    image: image === null ? null : { digest: image.digest, sizeBytes: Number(image.sizeBytes) },
    versions: row.versions.map((each) => ({ ...each, createdAt: each.createdAt.toISOString() })),
    serialNo: row.serialNo,
    sharedWith: [],
    runs: [],
    blockedActions: {},
  };
}
