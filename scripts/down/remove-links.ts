import { pino } from "pino";
import { HelperClient } from "#agent/network/helper-client.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { HelperAddress } from "#scripts/helper/places.ts";

/** Whoever looks after the helper would have started it again by now. Milliseconds. */
const AWAY_MS = 2_000;

/**
 * Asks the helper, as the agent would, to forget every guest of an agent that doesn't run any more, so that its own hooks are run for
 * their interfaces. Nothing to do where it isn't there: what it left is root's to take away.
 */
export async function removeLinks({ socket }: Pick<HelperAddress, "socket">): Promise<void> {
  const client = new HelperClient({ socket, log: pino({ level: "silent" }), restartMs: AWAY_MS });
  try {
    const { items } = await client.ask("list");
    for (const guest of new Set(items.map((item) => item.get("guest")))) await client.ask("remove", { guest });
  } catch (error) {
    if (!(isSlipwayError(error) && error.code === "unsupported")) throw error;
  } finally {
    client.close();
  }
}
