import type { NodeFacts } from "#lib/agent-protocol/messages.ts";
import { nodeFactsSchema } from "#lib/agent-protocol/messages.ts";
import type { Database } from "#lib/db/client.ts";
import { appendEvents } from "#lib/events/append-events.ts";

/** The node as its follower knows it. */
export interface FollowedNode {
  readonly nodeId: string;
  readonly controllerId: string;
}

/** The agent answered: state, facts and time. Told to browsers where it is more than free memory that changed. */
export async function recordOnline(db: Database, node: FollowedNode, facts: NodeFacts): Promise<void> {
  await record(db, node, facts, {});
}

/** New facts of a node whose events are being read. One that counts as unreachable stays so: its follower knows more. */
export async function refreshFacts(db: Database, node: FollowedNode, facts: NodeFacts): Promise<void> {
  await record(db, node, facts, { state: "online" });
}

async function record(db: Database, { nodeId, controllerId }: FollowedNode, facts: NodeFacts, only: { readonly state?: "online" }): Promise<void> {
  await db.$transaction(async (tx) => {
    const node = await tx.node.findFirst({ where: { id: nodeId, followerId: controllerId, ...only }, select: { name: true, state: true, stateReason: true, facts: true } });
    if (node === null) return; // somebody else's by now
    const isNews = node.state !== "online" || node.stateReason !== null || lasting(node.facts) !== lasting(facts);
    await tx.node.update({
      where: { id: nodeId },
      data: { state: "online", stateReason: null, facts, agentVersion: facts.agentVersion, lastSeenAt: new Date() },
      select: { id: true },
    });
    if (isNews) await appendEvents(tx, [{ payload: { type: "node.changed", name: node.name }, ownerId: null }]);
  });
}

/** There is no answer, and why, for a person. */
export async function recordUnreachable(db: Database, { nodeId, controllerId }: FollowedNode, reason: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.node.updateMany({
      where: { id: nodeId, followerId: controllerId, OR: [{ state: { not: "unreachable" } }, { stateReason: null }, { stateReason: { not: reason } }] },
      data: { state: "unreachable", stateReason: reason },
    });
    if (count === 0) return;
    const node = await tx.node.findUniqueOrThrow({ where: { id: nodeId }, select: { name: true } });
    await appendEvents(tx, [{ payload: { type: "node.changed", name: node.name }, ownerId: null }]);
  });
}

/** Facts without what moves all the time, to compare. */
function lasting(facts: unknown): string {
  const parsed = nodeFactsSchema.safeParse(facts);
  return parsed.success ? JSON.stringify({ ...parsed.data, memoryFreeMib: 0, diskFreeMib: 0 }) : "";
}
