import { nodeFactsSchema } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { Refusal } from "#lib/domain/plan-install.ts";
import { refuseHostNow } from "#lib/domain/plan-host.ts";
import type { LoadedInstall } from "./load-install.ts";
import { readPlan } from "./stored.ts";

/**
 * Whether the host still may run what an accepted install has there: trust in the very version that it names, the cluster's
 * setting and the node, as they are now (design: product, "Code that isn't trusted never runs on a host"). Trust and setting can't
 * change before the transaction ends, so that who takes them back is either in time or is told by the install that it began before.
 *
 * @returns null: it may, or nothing is to run there.
 */
export async function refuseHost(tx: Transaction, install: LoadedInstall): Promise<Refusal | null> {
  const plan = readPlan(install.plan);
  const version = install.definitionVersion;
  // Without its version there is no order at all: build-order.ts says so.
  if (version === null || !plan.runs.some(({ place }) => place === "host")) return null;
  const [definitions, clusters, node] = [
    await tx.$queryRaw<{ trusted_digest: string | null }[]>(Prisma.sql`SELECT trusted_digest FROM os_definition WHERE id = ${version.definitionId}::uuid FOR SHARE`),
    await tx.$queryRaw<{ host_scripts: boolean }[]>(Prisma.sql`SELECT host_scripts FROM cluster WHERE id = 1 FOR SHARE`),
    await tx.node.findUniqueOrThrow({ where: { id: install.nodeId }, select: { facts: true } }),
  ];
  const { hostScripts, untrustedScripts } = osManifestSchema.parse(version.manifest);
  return refuseHostNow(plan, {
    definition: version.definition.name,
    hostScripts,
    untrustedScripts,
    isTrusted: definitions[0]?.trusted_digest === version.digest,
    clusterAllowsHostScripts: clusters[0]?.host_scripts === true,
    nodeRunsHostScripts: nodeFactsSchema.safeParse(node.facts).data?.runsHostScripts ?? false,
  });
}
