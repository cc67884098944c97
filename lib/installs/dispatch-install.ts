/**
 * From the queue to the agent: contents first, then the order, then its acknowledgement (design: install, "Order of things",
 * "Idempotent"). No worker waits for the install to end: the agent's events end its job (ingest-agent-events.ts), which is
 * what lets one controller follow many thousand.
 *
 * Can be begun again at any point: what has happened stands in the install's row.
 */
import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { Services } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { Refusal } from "#lib/domain/plan-install.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { applyStatuses } from "./apply-status.ts";
import { bringContents } from "./bring-contents.ts";
import { buildOrder } from "./build-order.ts";
import { loadInstall } from "./load-install.ts";
import type { LoadedInstall } from "./load-install.ts";
import { failedWith, failInstall } from "./fail-install.ts";
import { LEASE, leaseIsOver, mayBeInFlight } from "./lease.ts";
import { orderParts } from "./order-parts.ts";
import { refuseHost } from "./refuse-host.ts";

/** `again`: the node didn't answer, and it isn't certain yet that the order isn't running there. */
export type Dispatched = "handed_over" | "ended" | "again";

/** @param startedAt when the job's executor began: a node that doesn't answer is tried for a while from then on. */
export async function dispatchInstall(services: Services, installId: string, startedAt: Date, signal: AbortSignal): Promise<Dispatched> {
  const install = await loadInstall(services, installId);
  if (isFinal(install.state)) return "ended";
  if (install.acknowledged) return "handed_over";
  try {
    const order = await buildOrder(services, install, await orderParts(services, install));
    const [client] = await Promise.all([services.agents.client(install.nodeId), bringContents(services, install, order, signal)]);
    const marked = await markSent(services, install);
    if (marked === "cancelled") return await endCancelled(services, install);
    if (marked !== "sent") return await endRefused(services, install, marked, { client, signal });
    const status = await client.install(order, signal);
    await services.db.$transaction(async (tx) => appendEvents(tx, await applyStatuses(tx, services.keyring, install.jobId, [status], null)));
    return "handed_over";
  } catch (error) {
    if (signal.aborted || !isSlipwayError(error)) throw error;
    // By whoever asked for it, while contents were brought.
    if (error.code === "cancelled") return endCancelled(services, install);
    if (error.code === "node_unreachable") return unreachable(services, install, startedAt, error.message);
    // The agent's own answer, or a reason of ours from before anything was sent: it isn't running.
    const ended = await failInstall(services, installId, failedWith(agentCodeOf(error) ?? error.code, error.message, error.step ?? null), { unacknowledged: true });
    return ended ? "ended" : "handed_over";
  }
}

/** Durable before the order goes out, and only while nobody has asked to cancel and the plan's hosts may run what it has there. */
async function markSent(services: Services, install: LoadedInstall): Promise<"sent" | "cancelled" | Refusal> {
  return services.db.$transaction(async (tx) => {
    const refusal = await refuseHost(tx, install);
    if (refusal !== null) return refusal;
    const marked = await tx.$executeRaw(Prisma.sql`
      UPDATE install SET order_sent_at = now() FROM job
      WHERE install.id = ${install.id}::uuid AND job.id = install.job_id AND job.status = 'running' AND job.cancel_requested_at IS NULL`);
    return marked === 1 ? "sent" : "cancelled";
  });
}

async function endCancelled(services: Services, install: LoadedInstall): Promise<Dispatched> {
  const end = { state: "cancelled", code: "cancelled", message: "The install was cancelled before it began.", step: null } as const;
  // After an earlier try the agent may have the order: then the cancellation goes there (cancel-running-install.ts).
  return (await failInstall(services, install.id, end, { unsent: true })) ? "ended" : "handed_over";
}

/** An order that may no longer go out. One that went out before, when it still might, is what the agent says of it. */
async function endRefused(services: Services, install: LoadedInstall, { code, message }: Refusal, agent: { readonly client: AgentClient; readonly signal: AbortSignal }): Promise<Dispatched> {
  const end = failedWith(code, message);
  if (install.orderSentAt === null) return (await failInstall(services, install.id, end, { unsent: true })) ? "ended" : "handed_over";
  try {
    const status = await agent.client.installStatus(install.id, agent.signal);
    await services.db.$transaction(async (tx) => appendEvents(tx, await applyStatuses(tx, services.keyring, install.jobId, [status], null)));
    return "handed_over";
  } catch (error) {
    if (agentCodeOf(error) !== "unknown_object") throw error;
    if (mayBeInFlight(install.orderSentAt, new Date())) return "again";
    return (await failInstall(services, install.id, end, { unacknowledged: true })) ? "ended" : "handed_over";
  }
}

async function unreachable(services: Services, install: LoadedInstall, startedAt: Date, reason: string): Promise<Dispatched> {
  const { orderSentAt } = await services.db.install.findUniqueOrThrow({ where: { id: install.id }, select: { orderSentAt: true } });
  const now = new Date();
  const certain = orderSentAt === null ? now.getTime() > startedAt.getTime() + LEASE.dispatchSeconds * 1_000 : leaseIsOver(orderSentAt, now);
  if (!certain) return "again";
  const message = `Node ${install.node.name} does not answer. ${reason}`;
  return (await failInstall(services, install.id, failedWith("node_unreachable", message), { unacknowledged: true })) ? "ended" : "handed_over";
}
