import type { Prisma } from "#lib/db/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsDefinitionDetail, OsDefinitionSummary, OsVersionDetail, OsVersionSummary, TrustView } from "#lib/domain/os-definition-views.ts";
import type { ClusterFacts } from "./host-scripts.ts";
import type { RunFacts } from "./script-runs.ts";
import { installRefusal, scriptRuns } from "./script-runs.ts";

export const SUMMARY = {
  id: true,
  name: true,
  owner: { select: { name: true } },
  currentVersion: { select: { version: true, digest: true, variants: true, title: true, apiVersions: true, manifest: true } },
  trustedDigest: true,
  trustedBy: true,
  trustedAt: true,
  trustReason: true,
  trustUpdates: true,
  hidden: true,
  blacklisted: true,
} as const satisfies Prisma.OsDefinitionSelect;

export const VERSION = { version: true, digest: true, createdAt: true, registeredBy: true, source: true, sizeBytes: true } as const satisfies Prisma.OsDefinitionVersionSelect;

const CONTENT = {
  manifest: true,
  apiVersions: true,
  variants: true,
  files: { select: { path: true, mode: true, size: true, digest: true }, orderBy: { path: "asc" } },
  image: { select: { digest: true, sizeBytes: true } },
} as const satisfies Prisma.OsDefinitionVersionSelect;

export const VERSION_DETAIL = { ...VERSION, ...CONTENT } as const satisfies Prisma.OsDefinitionVersionSelect;

/** Versions that one answer tells of, newest first. */
const VERSIONS = 50;

export const DETAIL = {
  ...SUMMARY,
  serialNo: true,
  currentVersion: { select: { ...SUMMARY.currentVersion.select, ...CONTENT } },
  versions: { select: VERSION, orderBy: { version: "desc" }, take: VERSIONS },
  shares: { select: { user: { select: { name: true } } }, orderBy: { user: { name: "asc" } } },
} as const satisfies Prisma.OsDefinitionSelect;

type SummaryRow = Prisma.OsDefinitionGetPayload<{ select: typeof SUMMARY }>;
type DetailRow = Prisma.OsDefinitionGetPayload<{ select: typeof DETAIL }>;
type VersionRow = Prisma.OsDefinitionVersionGetPayload<{ select: typeof VERSION }>;
type VersionDetailRow = Prisma.OsDefinitionVersionGetPayload<{ select: typeof VERSION_DETAIL }>;
type TrustRow = Pick<SummaryRow, "trustedDigest" | "trustedBy" | "trustedAt" | "trustReason" | "trustUpdates">;

/** The trust that a definition's row gives to a content; null: none. Trust is given to one content, not to a name. */
export function trustOf(row: TrustRow, digest: string | null): TrustView | null {
  const { trustedDigest, trustedBy, trustedAt, trustReason } = row;
  if (trustedDigest === null || trustedDigest !== digest || trustedBy === null || trustedAt === null) return null;
  return { by: trustedBy, at: trustedAt.toISOString(), reason: trustReason ?? "", digest, updates: row.trustUpdates };
}

export function definitionSummary(row: SummaryRow, cluster: ClusterFacts, instanceCount: number): OsDefinitionSummary {
  const { currentVersion: version } = row;
  const trusted = trustOf(row, version?.digest ?? null);
  return {
    id: row.id,
    name: row.name,
    title: version?.title || row.name,
    variants: version?.variants ?? [],
    owner: row.owner?.name ?? null,
    trusted,
    hidden: row.hidden,
    blacklisted: row.blacklisted,
    version: version?.version ?? null,
    digest: version?.digest ?? null,
    instanceCount,
    installRefusal: version === null ? `OS definition ${row.name} has no version yet.` : installRefusal({ name: row.name, isTrusted: trusted !== null, blacklisted: row.blacklisted, apiVersions: version.apiVersions, manifest: osManifestSchema.parse(version.manifest) }, cluster),
  };
}

export interface DetailFacts {
  /** Of those that the caller sees. */
  readonly instanceCount: number;
  readonly cluster: ClusterFacts;
  readonly mayModify: boolean;
  readonly blockedActions: OsDefinitionDetail["blockedActions"];
}

export function definitionDetail(row: DetailRow, facts: DetailFacts): OsDefinitionDetail {
  const version = row.currentVersion;
  const manifest = version === null ? null : osManifestSchema.parse(version.manifest);
  const summary = definitionSummary(row, facts.cluster, facts.instanceCount);
  const { hostScripts } = facts.cluster;
  const runs = (isTrusted: boolean) => (manifest === null ? [] : scriptRuns(manifest, { definition: row.name, isTrusted, hostScripts }));
  return {
    ...summary,
    serialNo: row.serialNo,
    sharedWith: facts.mayModify ? row.shares.map(({ user }) => user.name) : [],
    manifest,
    apiVersions: version?.apiVersions ?? [],
    files: version?.files ?? [],
    image: imageView(version?.image ?? null),
    runs: runs(summary.trusted !== null),
    runsTrusted: runs(true),
    runsUntrusted: runs(false),
    versions: row.versions.map(versionSummary),
    blockedActions: facts.blockedActions,
  };
}

export function versionSummary({ version, digest, createdAt, registeredBy, source, sizeBytes }: VersionRow): OsVersionSummary {
  return { version, digest, createdAt: createdAt.toISOString(), registeredBy, source, sizeBytes };
}

export function versionDetail(row: VersionDetailRow, facts: RunFacts): OsVersionDetail {
  const manifest = osManifestSchema.parse(row.manifest);
  return {
    ...versionSummary(row),
    manifest,
    apiVersions: row.apiVersions,
    variants: row.variants,
    files: row.files,
    image: imageView(row.image),
    runs: scriptRuns(manifest, facts),
  };
}

function imageView(image: { readonly digest: string; readonly sizeBytes: bigint } | null): OsVersionDetail["image"] {
  return image === null ? null : { digest: image.digest, sizeBytes: Number(image.sizeBytes) };
}
