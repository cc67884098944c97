import type { AgentEvent, HostKey } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { soundHostKeys } from "#lib/instances/host-keys.ts";

/** Takes in what installed systems said of their SSH host keys: the last word of each. An agent speaks for its own instances only. */
export async function takeInHostKeys(tx: Transaction, nodeId: string, events: readonly AgentEvent[]): Promise<NewEvent[]> {
  const said = new Map<string, HostKey[]>();
  for (const event of events) if (event.type === "instance.host-keys") said.set(event.instanceId, soundHostKeys(event.keys));
  const rows = [...said].filter(([, keys]) => keys.length > 0).map(([id, keys]) => ({ id, keys }));
  if (rows.length === 0) return [];
  const changed = await tx.$queryRaw<{ name: string; owner_id: string | null }[]>(Prisma.sql`
    UPDATE instance n SET host_keys = r.keys, updated_at = now() FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(id uuid, keys jsonb)
    WHERE n.id = r.id AND n.node_id = ${nodeId}::uuid AND n.host_keys IS DISTINCT FROM r.keys RETURNING n.name, n.owner_id`);
  return changed.map(({ name, owner_id }) => ({ payload: { type: "instance.changed", name }, ownerId: owner_id }));
}
