import type { AgentEvent } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import { releaseUnwantedChannels } from "#lib/instances/hold-channel-address.ts";
import { recordReach } from "#lib/instances/record-reach.ts";

type PowerEvent = Extract<AgentEvent, { readonly type: "instance.power" }>;

/** The last word of each instance. */
export function lastPower(events: readonly AgentEvent[]): PowerEvent[] {
  const found = new Map<string, PowerEvent>();
  for (const event of events) if (event.type === "instance.power") found.set(event.instanceId, event);
  return [...found.values()];
}

/** What the agent has answered to an order since (execute-power.ts) is newer than an event that comes in later. */
export async function takeInPower(tx: Transaction, { nodeId, journal }: { readonly nodeId: string; readonly journal: string }, { instanceId, power, rescue, seq, reach }: PowerEvent): Promise<NewEvent[]> {
  const rows = await tx.$queryRaw<{ name: string; owner_id: string | null; before: string | null; rescued: boolean; locked: number | null }[]>(Prisma.sql`
    WITH held AS (SELECT id, oper_state, rescue FROM instance WHERE id = ${instanceId}::uuid AND node_id = ${nodeId}::uuid FOR NO KEY UPDATE)
    UPDATE instance n SET oper_state = ${power}::"PowerState", rescue = ${rescue}, oper_journal = ${journal}::uuid, oper_seq = ${seq}
    FROM held WHERE n.id = held.id AND (n.oper_journal IS DISTINCT FROM ${journal}::uuid OR n.oper_seq < ${seq})
    RETURNING n.name, n.owner_id, held.oper_state::text AS before, held.rescue AS rescued, n.locked_by_job_id AS locked`);
  const row = rows[0];
  if (row === undefined) return [];
  const isReachNew = await recordReach(tx, instanceId, power === "running" ? reach : []);
  // While a job holds it, its end decides: an install that fails may start again what ran before, as it ran.
  if (power === "stopped" && row.locked === null) await releaseUnwantedChannels(tx, [instanceId]);
  if (row.before === power && row.rescued === rescue && !isReachNew) return [];
  await tx.$executeRaw(Prisma.sql`UPDATE instance SET updated_at = now() WHERE id = ${instanceId}::uuid`);
  return [{ payload: { type: "instance.changed", name: row.name }, ownerId: row.owner_id }];
}
