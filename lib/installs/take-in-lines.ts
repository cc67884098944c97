import type { AgentEvent, ChannelLine } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { NewEvent } from "#lib/events/append-events.ts";

/** Lines that are kept of each instance. */
const KEPT = 500;

/** Takes in what was said over channels in normal running, and lets go of what is too old. An agent speaks for its own instances only. */
export async function takeInLines(tx: Transaction, nodeId: string, events: readonly AgentEvent[]): Promise<NewEvent[]> {
  const said = new Map<string, ChannelLine[]>();
  for (const event of events) if (event.type === "instance.lines") said.set(event.instanceId, [...(said.get(event.instanceId) ?? []), ...event.lines].slice(-KEPT));
  const rows = [...said].flatMap(([instance_id, lines]) => lines.map((line) => ({ instance_id, ...line })));
  if (rows.length === 0) return [];
  // In the order in which they were said: their ids are the order in which they are read.
  const added = await tx.$queryRaw<{ id: string; name: string; owner_id: string | null; last: bigint }[]>(Prisma.sql`
    WITH said AS (
      SELECT r.*, row_number() OVER () AS n FROM json_to_recordset(${JSON.stringify(rows)}::json)
        AS r(instance_id uuid, at timestamptz, kind "InstallEventKind", author text, text text, step text, percent double precision)),
    added AS (
      INSERT INTO channel_line (instance_id, at, kind, author, text, step, percent)
      SELECT s.instance_id, s.at, s.kind, s.author, s.text, s.step, s.percent FROM said s JOIN instance i ON i.id = s.instance_id AND i.node_id = ${nodeId}::uuid
      ORDER BY s.n RETURNING id, instance_id)
    SELECT i.id::text AS id, i.name, i.owner_id::text AS owner_id, max(a.id) AS last FROM added a JOIN instance i ON i.id = a.instance_id GROUP BY i.id ORDER BY i.name`);
  await tx.$executeRaw(Prisma.sql`
    DELETE FROM channel_line l USING unnest(${added.map(({ id }) => id)}::uuid[]) AS of(id)
      CROSS JOIN LATERAL (SELECT c.id FROM channel_line c WHERE c.instance_id = of.id ORDER BY c.id DESC OFFSET ${KEPT} LIMIT 1) AS cut
    WHERE l.instance_id = of.id AND l.id <= cut.id`);
  return added.map(({ name, owner_id, last }) => ({ payload: { type: "instance.lines", name, lastId: last.toString() }, ownerId: owner_id }));
}
