import type { RequestContext } from "#lib/context/context.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import type { NodeView } from "#lib/domain/views.ts";
import { listNetworks } from "#lib/networks/list-networks.ts";
import { NEW_NIC } from "./nic-draft.ts";
import type { NicDraft } from "./nic-draft.ts";
import type { NicChoices } from "./nic-fields.tsx";

/** What NICs can be connected to on these nodes. For administrators. */
export async function loadNicChoices(ctx: RequestContext, nodes: readonly Pick<NodeView, "bridges">[]): Promise<NicChoices> {
  const page = await listNetworks(ctx, { limit: PAGE_LIMITS.max });
  return {
    networks: page.items.filter(({ purpose }) => purpose === "instances").map(({ name }) => name),
    isPart: page.nextCursor !== null,
    bridges: [...new Set(nodes.flatMap(({ bridges }) => bridges))].sort(),
  };
}

/** The NIC that a form begins with: in the first network where every node can have it, otherwise one that works everywhere. */
export function firstNic({ networks }: NicChoices, nodes: readonly Pick<NodeView, "mode">[]): NicDraft {
  const network = networks[0];
  const isSystem = nodes.length > 0 && nodes.every(({ mode }) => mode === "system");
  return network !== undefined && isSystem ? { ...NEW_NIC, to: "network", network } : NEW_NIC;
}
