import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { applyStatuses } from "./apply-status.ts";
import { failInstall } from "./fail-install.ts";
import { leaseIsOver, mayBeInFlight } from "./lease.ts";

/**
 * Ends a running install because somebody asked for it (design: install, "Cancel works in every state"). The agent decides:
 * past its commit point the install is done, and that is what is recorded.
 *
 * @returns `again` where it has to be tried once more.
 */
export async function cancelRunningInstall(services: Services, installId: string, signal: AbortSignal): Promise<"ended" | "told" | "again"> {
  const cancelled = { state: "cancelled", code: "cancelled", message: "The install was cancelled.", step: null } as const;
  if (await failInstall(services, installId, cancelled, { unsent: true })) return "ended";
  const install = await services.db.install.findUnique({ where: { id: installId } });
  if (install === null || isFinal(install.state) || install.orderSentAt === null) return "ended";
  try {
    const client = await services.agents.client(install.nodeId);
    const status = await client.cancelInstall(installId, signal);
    await services.db.$transaction(async (tx) => appendEvents(tx, await applyStatuses(tx, services.keyring, install.jobId, [status], null)));
    // Its end comes as an event, if it hasn't come now.
    return "told";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    if (agentCodeOf(error) === "unknown_object") {
      if (!install.acknowledged && mayBeInFlight(install.orderSentAt, new Date())) return "again";
      await failInstall(services, installId, cancelled);
      return "ended";
    }
    if (error.code !== "node_unreachable") return "again";
    // Nobody renews the lease of a node that doesn't answer; once it is over nothing runs there.
    if (!leaseIsOver(install.leaseUntil ?? install.orderSentAt, new Date())) return "again";
    await failInstall(services, installId, cancelled);
    return "ended";
  }
}
