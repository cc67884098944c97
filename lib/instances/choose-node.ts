import { nodeFactsSchema } from "#lib/agent-protocol/messages.ts";
import type { NodeFacts } from "#lib/agent-protocol/messages.ts";
import type { NodeRow, Queryable } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import type { PlannedNic } from "#lib/domain/nic-rules.ts";
import { everyNodeNicsProblem, neededNetworking } from "#lib/domain/nic-rules.ts";
import type { RoomNeed } from "#lib/domain/plan-room.ts";
import { reservedOn } from "./reserved-disk.ts";

/** A node by name. @throws SlipwayError `unknown_object` */
export async function findNode(db: Queryable, name: string): Promise<NodeRow> {
  const node = await db.node.findUnique({ where: { name } });
  if (node === null) throw new SlipwayError("unknown_object", `There is no node ${name}.`, { field: "node" });
  return node;
}

/**
 * The node with the most memory that no instance was given yet, among those that answer, take new instances and have the
 * room. What was promised counts, not what is in use: installs of the same moment don't all go to one node, nor more than it can hold.
 *
 * @throws SlipwayError `no_room`; `unsupported`, naming the NIC's field, where no node connects one, whatever room there is
 */
export async function chooseNode(db: Queryable, need: RoomNeed, nics: readonly Pick<PlannedNic, "mode" | "link">[] = []): Promise<NodeRow> {
  const { bridges, routed } = neededNetworking(nics);
  const connects = Prisma.sql`AND n.facts->>'mode' <> 'session' AND n.facts->'networking'->'bridges' @> ${JSON.stringify(bridges)}::jsonb
    ${routed ? Prisma.sql`AND (n.facts->'networking'->>'routed')::boolean` : Prisma.empty}`;
  const found = await db.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT n.id FROM node n
    LEFT JOIN (SELECT node_id, sum(memory_mib) AS memory FROM instance GROUP BY node_id) AS given ON given.node_id = n.id
    WHERE n.state = 'online' AND NOT n.offline AND NOT n.drained
      AND (n.facts->>'diskFreeMib')::bigint - ${reservedOn(Prisma.sql`n.id`)} >= ${need.diskMib} AND (n.facts->>'memoryFreeMib')::bigint >= ${need.memoryMib}
      ${bridges.length > 0 || routed ? connects : Prisma.empty}
    ORDER BY (n.facts->>'memoryTotalMib')::bigint - coalesce(given.memory, 0) DESC, n.name
    LIMIT 1`);
  const first = found[0];
  if (first === undefined) {
    const wrong = everyNodeNicsProblem(nics, (await db.node.findMany()).flatMap((node) => factsOf(node) ?? []));
    if (wrong !== null) throw new SlipwayError("unsupported", `${wrong.field} ${wrong.problem}.`, { field: wrong.field });
    const connected = [...bridges.map((bridge) => `bridge ${bridge}`), ...(routed ? ["routes to guests"] : [])].map((what) => ` and has ${what}`).join("");
    throw new SlipwayError("no_room", `No node that answers has ${need.diskMib} MiB of disk and ${need.memoryMib} MiB of memory free${connected}.`, { field: "node" });
  }
  return db.node.findUniqueOrThrow({ where: { id: first.id } });
}

/** @throws SlipwayError `node_unreachable`, or `conflict` for a new instance on a node that takes none */
export function requireNode(node: NodeRow, operation: "create" | "other"): void {
  const problem = nodeProblem(node);
  if (problem !== null) throw new SlipwayError("node_unreachable", problem, { field: "node" });
  if (operation === "create" && node.drained) throw new SlipwayError("conflict", `Node ${node.name} is drained and takes no new instances.`, { field: "node" });
}

/** What the agent last said of its machine; null: nothing that can be understood. */
export function factsOf(node: NodeRow): NodeFacts | null {
  const parsed = nodeFactsSchema.safeParse(node.facts);
  return parsed.success ? parsed.data : null;
}
