import { isIPv6 } from "node:net";
import type { NicSpec } from "#lib/agent-protocol/messages.ts";
import { type GuestView, netmask, netmask6 } from "./guest-view.ts";

const MTU = 1_500;

interface Network {
  readonly id: string;
  readonly link: string;
  readonly type: "ipv4" | "ipv4_dhcp" | "ipv6" | "ipv6_slaac";
  readonly network_id: string;
  readonly ip_address?: string;
  readonly netmask?: string;
  readonly routes?: readonly { readonly network: string; readonly netmask: string; readonly gateway: string }[];
  readonly dns_nameservers?: readonly string[];
  readonly services?: readonly { readonly type: "dns"; readonly address: string }[];
}

/**
 * OpenStack's network_data.json: every interface of the instance by its MAC, and how it gets its addresses. What cloud-init isn't told
 * of it doesn't bring up, so the channel's own interface is among them: by DHCP, which gives it no route but to its host.
 */
export function buildNetworkData({ spec, channelMac }: GuestView): unknown {
  const channel = { id: "channel", ethernet_mac_address: channelMac, type: "phy", mtu: MTU, vif_id: "channel" };
  const servers = new Set(spec.nics.flatMap(({ network }) => network?.dns ?? []));
  return {
    links: [...spec.nics.map((nic) => ({ id: linkId(nic), ethernet_mac_address: nic.mac, type: "phy", mtu: MTU, vif_id: nic.id })), channel],
    networks: [...spec.nics.flatMap(nicNetworks), { id: "channel", link: "channel", type: "ipv4_dhcp", network_id: "channel" } satisfies Network],
    services: [...servers].map((address) => ({ type: "dns", address })),
  };
}

function linkId({ index }: NicSpec): string {
  return `nic${String(index)}`;
}

/** An address given by hand, outside of any network, can't be said without a mask: then the interface asks by DHCP. */
function nicNetworks(nic: NicSpec): Network[] {
  const link = linkId(nic);
  const networkId = nic.network?.name ?? link;
  const dhcp: Network = { id: `${link}-ipv4`, link, type: "ipv4_dhcp", network_id: networkId };
  if (nic.network === null || nic.mode === "user") return [dhcp];
  const { subnet, gateway, subnet6, gateway6, dns } = nic.network;
  const services = dns.map((address) => ({ type: "dns" as const, address }));
  const networks: Network[] = [];
  if (nic.ip === null || isIPv6(nic.ip)) networks.push(dhcp);
  else {
    networks.push({
      id: `${link}-ipv4`,
      link,
      type: "ipv4",
      network_id: networkId,
      ip_address: nic.ip,
      netmask: netmask(subnet),
      routes: gateway === null ? [] : [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway }],
      dns_nameservers: dns,
      services,
    });
  }
  if (subnet6 === null) return networks;
  const isRouted = nic.mode === "routed";
  // On a routed link nobody says which network it is: there is the guest, and the host that routes to its address.
  if (isRouted && (nic.ip === null || !isIPv6(nic.ip))) return networks;
  if (nic.ip === null || !isIPv6(nic.ip)) return [...networks, { id: `${link}-ipv6`, link, type: "ipv6_slaac", network_id: networkId }];
  return [
    ...networks,
    {
      id: `${link}-ipv6`,
      link,
      type: "ipv6",
      network_id: networkId,
      ip_address: nic.ip,
      // The host answers ARP for a routed guest's neighbours; for IPv6 it does so for the gateway alone, by which all is sent then.
      netmask: netmask6(isRouted ? "::/128" : subnet6),
      routes: gateway6 === null ? [] : [{ network: "::", netmask: "::", gateway: gateway6 }],
      dns_nameservers: dns,
      services,
    },
  ];
}
