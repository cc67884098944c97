/** Leases in both directions: agents that answer get theirs renewed, installs whose agent has none left are ended. */
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";
import { failedWith, failInstall } from "./fail-install.ts";
import { LEASE } from "./lease.ts";

/** Installs of one renewal, as the protocol has it. */
const RENEWAL_SIZE = 1_000;
/** Leases that one round ends. */
const ROUND = 200;

/** Renews the leases of all running installs on the nodes that this controller follows. */
export async function renewLeases(services: Services, signal: AbortSignal): Promise<void> {
  const installs = await services.db.install.findMany({
    where: { acknowledged: true, state: { in: [...ACTIVE_STATES] }, node: { followerId: services.controllerId } },
    select: { id: true, nodeId: true },
  });
  const byNode = Map.groupBy(installs, (install) => install.nodeId);
  await Promise.all([...byNode].map(([nodeId, found]) => renewNode(services, nodeId, found.map((install) => install.id), signal)));
}

async function renewNode(services: Services, nodeId: string, ids: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    const client = await services.agents.client(nodeId);
    // Asked first: a node that doesn't answer this gets no renewal that might arrive all the same, so its leases do run out.
    await client.facts(signal);
    for (let at = 0; at < ids.length; at += RENEWAL_SIZE) await renewBatch(services, client, ids.slice(at, at + RENEWAL_SIZE), signal);
  } catch (error) {
    if (!signal.aborted) services.log.warn({ error, nodeId }, "leases could not be renewed");
  }
}

async function renewBatch(services: Services, client: AgentClient, installIds: string[], signal: AbortSignal): Promise<void> {
  // On record first: should this process go now, no other one ends an install whose agent has just got its renewal.
  const until = new Date(Date.now() + LEASE.seconds * 1_000);
  await services.db.$executeRaw(Prisma.sql`
    UPDATE install SET lease_until = greatest(lease_until, ${until}) WHERE id = ANY(${installIds}::uuid[]) AND ended_at IS NULL`);
  await client.renewLeases({ installIds, seconds: LEASE.seconds }, signal);
}

/** Ends installs whose agent holds no lease any more and so can't finish them. Returns how many. */
export async function endLapsedInstalls(services: Services): Promise<number> {
  const before = new Date(Date.now() - LEASE.marginSeconds * 1_000);
  const lapsed = await services.db.install.findMany({
    where: { acknowledged: true, state: { in: [...ACTIVE_STATES] }, leaseUntil: { lt: before } },
    select: { id: true, node: { select: { name: true } } },
    orderBy: { leaseUntil: "asc" },
    take: ROUND,
  });
  let ended = 0;
  for (const { id, node } of lapsed) {
    const end = failedWith("node_unreachable", `Node ${node.name} does not answer, and its lease for this install has run out.`);
    if (await failInstall(services, id, end, { leaseEndedBefore: before })) ended += 1;
  }
  return ended;
}
