import { randomUUID } from "node:crypto";
import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import { findInstance } from "#lib/instances/find-instance.ts";
import type { SendToGuestInput } from "./schemas.ts";

/** Characters of an author's name, as the protocol has it. */
const AUTHOR_LENGTH = 100;

/**
 * Gives a guest a line to read: one that runs with the communication mechanism, or the appliance of a running install. Who sent it
 * stands beside it. The agent says how many lines it takes in a second.
 *
 * @returns the line's id: sent again with it, it is the same line.
 * @throws SlipwayError `unknown_object`, `not_allowed`, `conflict` where nobody would read it, `too_many_requests`, `node_unreachable`
 */
export async function sendToGuest(ctx: RequestContext, instanceName: string, { id = randomUUID(), line }: SendToGuestInput): Promise<{ readonly id: string }> {
  const instance = await findInstance(ctx, "instance.channel", instanceName);
  const unreachable = nodeProblem(instance.node);
  if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
  const { services, identity } = ctx;
  const author = `${identity.kind === "user" ? "user " : ""}${identity.name}`.slice(0, AUTHOR_LENGTH);
  try {
    const client = await services.agents.client(instance.nodeId);
    await client.sendToGuest(instance.id, { id, author, line });
  } catch (error) {
    throw asRefusal(instanceName, error);
  }
  // The line is the guest's; that it was sent is on record.
  await appendAudit(services.db, ctx, { action: "instance.channel", object: { kind: "instance", name: instanceName }, outcome: "done", details: { id } });
  return { id };
}

/** The agent's refusal in terms of the request. */
function asRefusal(name: string, error: unknown): unknown {
  const code = agentCodeOf(error);
  if (code === null || !isSlipwayError(error)) return error;
  const known: Partial<Record<ErrorCode, SlipwayError>> = {
    unknown_object: new SlipwayError("conflict", `Instance ${name} isn't running, so nobody reads its channel.`, { field: "instance", cause: error }),
    conflict: new SlipwayError("conflict", `Nobody reads the channel of instance ${name} now: ${error.message}`, { field: "instance", cause: error }),
    unsupported: new SlipwayError("conflict", `Instance ${name} runs without the communication mechanism.`, { field: "instance", cause: error }),
    too_many_requests: new SlipwayError("too_many_requests", `Instance ${name} has more lines to read than it takes. Send the line again later.`, { cause: error }),
    too_large: new SlipwayError("too_large", "line is longer than the node takes.", { field: "line", cause: error }),
    invalid: new SlipwayError("invalid", `The node doesn't take the line: ${error.message}`, { field: "line", cause: error }),
  };
  return known[code] ?? error;
}
