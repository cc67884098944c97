import { z } from "zod";
import type { Prisma } from "#lib/db/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail, OsDefinitionSummary } from "#lib/domain/views.ts";

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
  currentVersion: { select: { ...CURRENT, apiVersions: true, files: true, image: { select: { digest: true, sizeBytes: true } } } },
  versions: { select: { version: true, digest: true, createdAt: true }, orderBy: { version: "desc" }, take: VERSIONS },
} as const satisfies Prisma.OsDefinitionInclude;

type SummaryRow = Prisma.OsDefinitionGetPayload<{ include: typeof SUMMARY }>;
type DetailRow = Prisma.OsDefinitionGetPayload<{ include: typeof DETAIL }>;

const filesSchema = z.array(z.object({ path: z.string(), mode: z.number(), size: z.number(), digest: z.string() }));

export function definitionSummary(row: SummaryRow): OsDefinitionSummary {
  const { currentVersion: version, trustedDigest, trustedBy, trustedAt } = row;
  const trusted = version !== null && trustedDigest === version.digest && trustedBy !== null && trustedAt !== null;
  return {
    id: row.id,
    name: row.name,
    title: version === null ? row.name : osManifestSchema.parse(version.manifest).title || row.name,
    variants: version?.variants ?? [],
    owner: row.owner?.name ?? null,
    trusted: trusted ? { by: trustedBy, at: trustedAt.toISOString() } : null,
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
    files: version === null ? [] : filesSchema.parse(version.files),
    image: image === null ? null : { digest: image.digest, sizeBytes: Number(image.sizeBytes) },
    versions: row.versions.map(({ version: number, digest, createdAt }) => ({ version: number, digest, createdAt: createdAt.toISOString() })),
  };
}
