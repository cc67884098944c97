import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import { FOR_GUEST_DATA, loadGuestData } from "#lib/instances/load-guest-data.ts";

/** Instances of one read, and how many of them are sent at once. */
const BATCH = 200;
const AT_ONCE = 8;

/**
 * Gives an agent that was restarted the private values of its running guests, which it keeps in memory alone (design: metadata,
 * "rebuilt from configuration when the daemon restarts"). Never rejects: until it has them the agent says so to the guests, and is asked
 * again with the next connection.
 */
export async function provideGuestData(services: Services, nodeId: string, client: Pick<AgentClient, "wantedGuestData" | "putGuestData">, signal: AbortSignal): Promise<void> {
  const log = services.log.child({ nodeId });
  const give = async (row: Parameters<typeof loadGuestData>[1]): Promise<void> => {
    if (signal.aborted) return;
    try {
      await client.putGuestData(row.id, await loadGuestData(services, row), signal);
    } catch (error) {
      log.warn({ error, instanceId: row.id }, "an instance's private values can't be given to its node");
    }
  };
  try {
    const wanted = await client.wantedGuestData(signal);
    for (let at = 0; at < wanted.length; at += BATCH) {
      signal.throwIfAborted();
      // An agent speaks for its own instances only.
      const rows = await services.db.instance.findMany({ where: { id: { in: wanted.slice(at, at + BATCH) }, nodeId }, include: FOR_GUEST_DATA });
      const queue = rows.values();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const row of queue) await give(row);
        }),
      );
    }
    if (wanted.length > 0) log.info({ instances: wanted.length }, "an agent was given the private values of its running guests");
  } catch (error) {
    if (!signal.aborted) log.warn({ error }, "private values of running guests can't be given to their node");
  }
}
