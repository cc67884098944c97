import type { Duplex } from "node:stream";
import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { nodeProblem } from "#lib/domain/instance-status.ts";
import { findInstance } from "#lib/instances/find-instance.ts";

/** A console that may be opened by who asked for it. */
export interface AllowedConsole {
  /**
   * Connects to it: bytes both ways, until one side ends it. That it was opened is on record.
   *
   * @throws SlipwayError `conflict` where nothing runs or somebody else is there, `node_unreachable`
   */
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
}

/**
 * The serial console of an instance: of its own system, its rescue system or the appliance that installs it (design: console, "Console
 * (serial, in the browser)"). Asked again while it is open, it says whether it still may be.
 *
 * @throws SlipwayError `unknown_object`, `not_allowed`, `node_unreachable`
 */
export async function allowConsole(ctx: RequestContext, name: string): Promise<AllowedConsole> {
  const instance = await findInstance(ctx, "instance.console", name);
  return {
    open: async (signal) => {
      const unreachable = nodeProblem(instance.node);
      if (unreachable !== null) throw new SlipwayError("node_unreachable", unreachable, { field: "node" });
      const { services } = ctx;
      const stream = await services.agents
        .client(instance.nodeId)
        .then((client) => client.openConsole(instance.id, signal))
        .catch((error: unknown) => {
          throw asRefusal(name, error);
        });
      await appendAudit(services.db, ctx, { action: "instance.console", object: { kind: "instance", name }, outcome: "done" }).catch((error: unknown) => {
        stream.destroy();
        throw error;
      });
      return stream;
    },
  };
}

/** The agent's refusal in terms of the request. */
function asRefusal(name: string, error: unknown): unknown {
  if (!isSlipwayError(error)) return error;
  switch (agentCodeOf(error)) {
    case "unknown_object":
      return new SlipwayError("conflict", `Instance ${name} doesn't run, so it has no console.`, { field: "instance", cause: error });
    case "conflict":
      return new SlipwayError("conflict", error.message, { field: "instance", cause: error });
    default:
      return error;
  }
}
