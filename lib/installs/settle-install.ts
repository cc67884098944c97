import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { applyStatuses } from "./apply-status.ts";
import { failedWith, failInstall } from "./fail-install.ts";
import { leaseIsOver } from "./lease.ts";
import { secretsLost } from "./load-parameters.ts";

/**
 * An order with secrets went out, and its sender was gone before the answer was on record. Asks the agent: if it has the
 * order, the install goes on and is followed; if not, it can't be sent again (design: install, "Idempotent").
 *
 * @returns `again` while the agent doesn't answer and may still have it.
 */
export async function settleInstall(services: Services, installId: string, secretNames: readonly string[], signal: AbortSignal): Promise<"settled" | "again"> {
  const install = await services.db.install.findUnique({ where: { id: installId } });
  if (install === null || isFinal(install.state) || install.acknowledged) return "settled";
  const lost = failedWith("process_lost", secretsLost(secretNames).message);
  try {
    const client = await services.agents.client(install.nodeId);
    const status = await client.installStatus(installId, signal);
    await services.db.$transaction(async (tx) => appendEvents(tx, await applyStatuses(tx, services.keyring, install.jobId, [status], null)));
    return "settled";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    const nothingRuns = agentCodeOf(error) === "unknown_object" || install.orderSentAt === null || leaseIsOver(install.orderSentAt, new Date());
    if (!nothingRuns) return "again";
    await failInstall(services, installId, lost, { unacknowledged: true });
    return "settled";
  }
}
