import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { Cluster, Network, Prisma } from "#lib/db/client.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";

/** What of an instance its node is told, to be read with it. */
export const FOR_SPEC = {
  disks: true,
  nics: { include: { network: true } },
  address: { select: { offset: true, network: { select: { subnet: true } } } },
} as const satisfies Prisma.InstanceInclude;

type Row = Prisma.InstanceGetPayload<{ include: typeof FOR_SPEC }>;

/** What a node needs to know of an instance, and of its cluster for its metadata. */
export function instanceSpec(instance: Row, cluster: Pick<Cluster, "name" | "requireMetadataTokens">): InstanceSpec {
  return {
    id: instance.id,
    name: instance.name,
    vcpus: instance.vcpus,
    memoryMib: instance.memoryMib,
    disks: instance.disks.toSorted((a, b) => a.index - b.index).map(({ id, index, sizeMib, name }) => ({ id, index, sizeMib, name })),
    nics: instance.nics
      .toSorted((a, b) => a.index - b.index)
      .map(({ id, index, mac, ip, mode, link, name, network, forwards }) => ({ id, index, mac, ip, mode, link, name, network: network === null ? null : networkSpec(network), forwards })),
    tags: [...instance.tags],
    communication: instance.communication,
    // One that is given up is still held while the guest runs, and isn't for its next start.
    channelIp: instance.communication ? heldAddress(instance.address) : null,
    datasource: instance.datasource,
    requireTokens: cluster.requireMetadataTokens,
    sshKeys: [...instance.sshKeys],
    cluster: cluster.name,
  };
}

function networkSpec({ name, subnet, gateway, subnet6, gateway6, dns }: Network): NonNullable<InstanceSpec["nics"][number]["network"]> {
  return { name, subnet, gateway, subnet6, gateway6, dns };
}

/** An address of a pool as it is written; null: none is held. */
export function heldAddress(address: { readonly offset: number; readonly network: { readonly subnet: string } } | null): string | null {
  return address === null ? null : addressAt(address.network.subnet, address.offset);
}
