import { Prisma } from "#lib/db/client.ts";
import type { Queryable } from "#lib/db/client.ts";

/** What the cluster as a whole says about scripts on hosts. */
export interface HostScripts {
  /** Whether the cluster allows them at all. */
  readonly allowed: boolean;
  /** Whether the agent of any node runs them; null: there is no node yet, so that nothing speaks against it. */
  readonly anyNodeRunsThem: boolean | null;
}

export interface ClusterFacts {
  readonly hostScripts: HostScripts;
  /** Whether the cluster's appliance has the full userland; null: there is no appliance. */
  readonly applianceHasRoot: boolean | null;
}

interface Row {
  readonly allowed: boolean;
  readonly any_node: boolean;
  readonly any_runs: boolean;
  readonly has_appliance: boolean;
  readonly has_root: boolean;
}

/** What of the cluster decides where scripts run and whether anything can be installed: one query, however many are asked about. */
export async function clusterFacts(db: Queryable): Promise<ClusterFacts> {
  const [row] = await db.$queryRaw<Row[]>(Prisma.sql`
    SELECT c.host_scripts AS allowed,
      EXISTS (SELECT FROM node) AS any_node,
      EXISTS (SELECT FROM node WHERE facts->>'runsHostScripts' = 'true') AS any_runs,
      a.digest IS NOT NULL AS has_appliance,
      a.root_digest IS NOT NULL AS has_root
    FROM cluster c LEFT JOIN appliance a ON a.digest = c.appliance_digest
    WHERE c.id = 1`);
  if (row === undefined) throw new Error("the cluster has no row");
  return { hostScripts: { allowed: row.allowed, anyNodeRunsThem: row.any_node ? row.any_runs : null }, applianceHasRoot: row.has_appliance ? row.has_root : null };
}
