import { randomUUID } from "node:crypto";
import { exampleInstance } from "#agent/testing/orders.ts";
import type { InstanceSpec, NicSpec } from "#lib/agent-protocol/messages.ts";
import { channelIp6, channelMac } from "#lib/domain/channel-address.ts";

/** An instance with its channel on at an address of its own, and no other interface unless it is given. */
export function channelInstance(name: string, channelIp: string, change: Partial<InstanceSpec> = {}): InstanceSpec {
  return exampleInstance({ name, communication: true, channelIp, nics: [], memoryMib: 128, ...change });
}

/** The addresses of an instance's channel. */
export function addressesOf(instance: InstanceSpec): { readonly ip: string; readonly ip6: string; readonly mac: string } {
  const { channelIp } = instance;
  if (channelIp === null) throw new Error("the instance has no address for its channel");
  return { ip: channelIp, ip6: channelIp6(channelIp), mac: channelMac(channelIp) };
}

/** A NIC on a bridge, with an address of a network where one is given. */
export function bridgedNic(link: string, mac: string, address: { readonly ip: string; readonly subnet: string; readonly gateway: string } | null): NicSpec {
  const network = address === null ? null : { name: "lab", subnet: address.subnet, gateway: address.gateway, subnet6: null, gateway6: null, dns: [address.gateway] };
  return { id: randomUUID(), index: 0, mac, ip: address?.ip ?? null, mode: "bridged", link, name: null, network, forwards: [] };
}

/** Two disks: the probe's own, and its plan (guests/probe/main.c). */
export function probeDisks(count = 2): InstanceSpec["disks"] {
  return Array.from({ length: count }, (_, index) => ({ id: randomUUID(), index, sizeMib: index === 0 ? 48 : 1, name: null }));
}
