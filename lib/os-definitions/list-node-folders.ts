import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { findNode } from "#lib/instances/choose-node.ts";

/** An OS definition's folder on a node, and under which of the roots that the node's administrator lists. */
export interface NodeFolder {
  readonly name: string;
  readonly root: string;
}

/**
 * Folders of a node that look like OS definitions. For administrators.
 *
 * @throws SlipwayError `unknown_object`, `node_unreachable`
 */
export async function listNodeFolders(ctx: RequestContext, node: string, signal?: AbortSignal): Promise<{ readonly folders: readonly NodeFolder[] }> {
  await requireReach(ctx, "os.register", "os");
  const { id } = await findNode(ctx.services.db, node);
  const agent = await ctx.services.agents.client(id);
  return agent.listOsDefinitions(signal);
}
