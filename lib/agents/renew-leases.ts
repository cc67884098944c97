import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";
import { LEASE } from "#lib/installs/lease.ts";

/** Installs of one call to an agent, as the protocol has it. */
const CALL_INSTALLS = 1_000;

/**
 * Renews the leases of all installs that run on nodes which this controller follows: one statement, then one call a node.
 * The database knows of a lease before the agent has it, so nobody calls an install failed that may still go on.
 */
export async function renewLeases(services: Services): Promise<void> {
  const rows = await services.db.$queryRaw<{ id: string; node_id: string }[]>`
    UPDATE install SET lease_until = now() + make_interval(secs => ${LEASE.seconds}::int)
    FROM node
    WHERE node.id = install.node_id AND node.follower_id = ${services.controllerId}::uuid AND node.state = 'online'
      AND install.acknowledged AND install.state::text IN (${Prisma.join([...ACTIVE_STATES])})
    RETURNING install.id::text AS id, install.node_id::text AS node_id`;
  const byNode = new Map<string, string[]>();
  for (const { id, node_id } of rows) byNode.set(node_id, [...(byNode.get(node_id) ?? []), id]);
  await Promise.all([...byNode].map(([nodeId, installIds]) => renewOnNode(services, nodeId, installIds)));
}

async function renewOnNode(services: Services, nodeId: string, installIds: readonly string[]): Promise<void> {
  try {
    const client = await services.agents.client(nodeId);
    for (let at = 0; at < installIds.length; at += CALL_INSTALLS) {
      await client.renewLeases({ installIds: installIds.slice(at, at + CALL_INSTALLS), seconds: LEASE.seconds });
    }
  } catch (error) {
    // The next heartbeat tries again, three times before the lease is over.
    services.log.warn({ error, nodeId, installs: installIds.length }, "leases of installs can't be renewed");
  }
}
