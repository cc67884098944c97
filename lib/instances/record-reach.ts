import type { Reach } from "#lib/agent-protocol/messages.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/client.ts";

/**
 * Stores where a guest's forwarded ports are reached, as the agent says of one that runs; nowhere, where it doesn't.
 *
 * @returns whether that is new.
 */
export async function recordReach(tx: Transaction, instanceId: string, reach: readonly Reach[]): Promise<boolean> {
  const changed = await tx.$executeRaw(Prisma.sql`
    WITH said AS (
      SELECT nic, jsonb_agg(jsonb_build_object('guestPort', "guestPort", 'host', host, 'port', port) ORDER BY "guestPort") AS reach
      FROM json_to_recordset(${JSON.stringify(reach)}::json) AS r(nic int, "guestPort" int, host text, port int) GROUP BY nic)
    UPDATE instance_nic n SET reach = s.reach
    FROM instance_nic own LEFT JOIN said s ON s.nic = own.index
    WHERE own.id = n.id AND n.instance_id = ${instanceId}::uuid AND n.reach IS DISTINCT FROM s.reach`);
  return changed > 0;
}
