import { nodeFactsSchema } from "#lib/agent-protocol/messages.ts";
import type { NodeRow } from "#lib/db/client.ts";
import type { NodeView } from "#lib/domain/views.ts";

/** What may be told of a node. Facts that an older agent said in another form count as not known. */
export function nodeView(row: NodeRow & { readonly _count: { readonly instances: number } }): NodeView {
  const parsed = nodeFactsSchema.safeParse(row.facts);
  const facts = parsed.success ? parsed.data : null;
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    stateReason: row.stateReason,
    offline: row.offline,
    drained: row.drained,
    address: row.address,
    agentVersion: row.agentVersion,
    cpus: facts?.cpus ?? null,
    memoryTotalMib: facts?.memoryTotalMib ?? null,
    memoryFreeMib: facts?.memoryFreeMib ?? null,
    diskTotalMib: facts?.diskTotalMib ?? null,
    diskFreeMib: facts?.diskFreeMib ?? null,
    accelerator: facts?.accelerator ?? null,
    acceleratorReason: facts?.acceleratorReason ?? null,
    mode: facts?.mode ?? null,
    bridges: facts?.networking.bridges ?? [],
    routed: facts?.networking.routed ?? false,
    instanceCount: row._count.instances,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  };
}

export const WITH_INSTANCE_COUNT = { _count: { select: { instances: true } } } as const;
