import { isIPv4, isIPv6 } from "node:net";
import type { NicSpec } from "#lib/agent-protocol/messages.ts";

/**
 * What the helper is asked for one NIC of a guest in system mode (helper/PROTOCOL.md, `nic`); null where it leads nowhere: a mode of
 * another kind of node, a bridge without a name, a route without an address.
 */
export function nicRequest(guest: string, { index, mac, mode, link, ip, network }: NicSpec): Readonly<Record<string, string | undefined>> | null {
  const common = { guest, index: String(index), mode, mac, ip: ip !== null && isIPv4(ip) ? ip : undefined, ip6: ip !== null && isIPv6(ip) ? ip : undefined, link: link ?? undefined };
  switch (mode) {
    case "bridged":
      if (link === null) return null;
      // The guest forms addresses of its network's IPv6 subnet itself; its router's is never its own.
      return common.ip === undefined || network === null || network.subnet6 === null ? common : { ...common, ip6net: network.subnet6, gateway6: network.gateway6 ?? undefined };
    case "routed":
      if (ip === null) return null;
      // Only of the address's own kind: without an address of the other there is nothing to route.
      return isIPv4(ip) ? { ...common, gateway: network?.gateway ?? undefined } : { ...common, gateway6: network?.gateway6 ?? undefined };
    default:
      return null;
  }
}
