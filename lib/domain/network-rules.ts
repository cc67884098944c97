/** What a network may be: pure, for its creation and every change of it (design: metadata, "The channel"; product, "Networks"). */
import { HOST_ADDRESS } from "./channel-address.ts";
import { isIn6, offsetIn, overlaps, parseIp4, parseIp6, parseSubnet4, parseSubnet6, formatSubnet4 } from "./ip-subnets.ts";
import type { Subnet4 } from "./ip-subnets.ts";
import type { NetworkView } from "./network.ts";
import { linkFault } from "./network.ts";

export type NetworkFields = Pick<NetworkView, "purpose" | "subnet" | "gateway" | "subnet6" | "gateway6" | "dns" | "mode" | "link">;

/** A field, and what is wrong with it as the end of a sentence that begins with it. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** Bits of a pool's subnet: the table's own bounds. */
const BITS = { min: 8, max: 30 } as const;

/** No guest's: this host, loopback, multicast and above. */
const NOBODYS = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"].map(subnetOf);
/** Links' own addresses, in which the communication mechanism is. */
const LINK_LOCAL = subnetOf("169.254.0.0/16");
/** Where a guest finds its host in session mode, QEMU's own, and everywhere. */
const HOSTS: readonly (readonly [address: string, note: string])[] = [
  ["169.254.169.252", "host, session mode"],
  ["169.254.169.253", "host, session mode"],
  [HOST_ADDRESS, "metadata service"],
];

function subnetOf(text: string): Subnet4 {
  const subnet = parseSubnet4(text);
  if (subnet === null) throw new Error("not a subnet");
  return subnet;
}

/** The first thing that is wrong with a network; null: nothing. */
export function networkProblem(network: NetworkFields): FieldProblem | null {
  return subnetProblem(network) ?? gatewayProblem(network) ?? subnet6Problem(network) ?? dnsProblem(network) ?? linkProblem(network);
}

function subnetProblem({ subnet: text, purpose }: NetworkFields): FieldProblem | null {
  const subnet = parseSubnet4(text);
  const wrong = (problem: string): FieldProblem => ({ field: "subnet", problem });
  if (subnet === null) return wrong("must be an IPv4 subnet, like 192.0.2.0/24");
  if (subnet.bits < BITS.min || subnet.bits > BITS.max) return wrong(`must have a prefix of ${BITS.min} to ${BITS.max} bits`);
  if (formatSubnet4(subnet) !== text) return wrong(`has bits set behind its prefix; the subnet is ${formatSubnet4(subnet)}`);
  if (NOBODYS.some((other) => overlaps(subnet, other))) return wrong("has addresses that no guest can have");
  if (purpose === "instances" && overlaps(subnet, LINK_LOCAL)) return wrong("must not be in 169.254.0.0/16, which the communication mechanism uses");
  return null;
}

function gatewayProblem({ subnet: text, gateway, purpose }: NetworkFields): FieldProblem | null {
  if (gateway === null) return null;
  const wrong = (problem: string): FieldProblem => ({ field: "gateway", problem });
  if (purpose === "communication") return wrong("must be left out: the communication mechanism leads to the host alone");
  const subnet = subnetOf(text);
  const offset = offsetIn(subnet, gateway);
  if (parseIp4(gateway) === null) return wrong("must be an IPv4 address");
  if (offset === null) return wrong("must be in the subnet");
  return offset === 0 || offset === subnet.size - 1 ? wrong("must be neither the subnet's first nor its last address") : null;
}

function subnet6Problem({ subnet6, gateway6, purpose }: NetworkFields): FieldProblem | null {
  if (subnet6 === null) return gateway6 === null ? null : { field: "gateway6", problem: "needs subnet6" };
  if (purpose === "communication") return { field: "subnet6", problem: "must be left out: IPv6 addresses of the communication mechanism follow from those of IPv4" };
  const subnet = parseSubnet6(subnet6);
  if (subnet === null) return { field: "subnet6", problem: "must be an IPv6 subnet, like 2001:db8::/64" };
  if (subnet.bits < 16 || subnet.bits > 126) return { field: "subnet6", problem: "must have a prefix of 16 to 126 bits" };
  if (parseIp6(subnet6.slice(0, subnet6.indexOf("/"))) !== subnet.first) return { field: "subnet6", problem: "has bits set behind its prefix" };
  // fe80::/10 and ff00::/8: links' own, and multicast.
  if (subnet.first >> 118n === 0x3fan || subnet.first >> 120n === 0xffn) return { field: "subnet6", problem: "has addresses that no guest can have" };
  if (gateway6 === null) return null;
  const address = parseIp6(gateway6);
  if (address === null) return { field: "gateway6", problem: "must be an IPv6 address" };
  // A router's own link-local address is what guests are mostly told.
  return isIn6(subnet, address) || address >> 118n === 0x3fan ? null : { field: "gateway6", problem: "must be in subnet6, or link-local" };
}

function dnsProblem({ dns, purpose }: NetworkFields): FieldProblem | null {
  if (purpose === "communication" && dns.length > 0) return { field: "dns", problem: "must be left out: the communication mechanism leads to the host alone" };
  const at = dns.findIndex((server) => parseIp4(server) === null && parseIp6(server) === null);
  return at < 0 ? null : { field: `dns[${at}]`, problem: "must be an IP address" };
}

function linkProblem({ mode, link, purpose }: NetworkFields): FieldProblem | null {
  if (purpose === "communication") {
    if (mode !== "routed") return { field: "mode", problem: "must be routed for the communication mechanism" };
    return link === null ? null : { field: "link", problem: "must be left out: each guest has a link of its own" };
  }
  if (link === null) return mode === "bridged" ? { field: "link", problem: "is missing: a bridged network needs the name of its bridge on the nodes" } : null;
  const problem = linkFault(mode, link);
  return problem === null ? null : { field: "link", problem };
}

/** Addresses that are taken as soon as a network has them, by their distance from its first, each with the reason. */
export function ownAddresses({ subnet: text, gateway }: Pick<NetworkFields, "subnet" | "gateway">): ReadonlyMap<number, string> {
  const subnet = subnetOf(text);
  const hosts = [...HOSTS, ...(gateway === null ? [] : [[gateway, "gateway"] as const])];
  const found = hosts.flatMap(([address, note]) => {
    const offset = offsetIn(subnet, address);
    return offset === null ? [] : [[offset, note] as const];
  });
  return new Map([[0, "network address"], ...found, [subnet.size - 1, "broadcast address"]]);
}
