/**
 * Addresses of the communication mechanism (design: metadata, "The channel"). A guest's MAC and IPv6 address follow from its IPv4
 * address, which is unique in the cluster: so they are unique too, and nothing else has to be stored or handed out.
 */
import { parseIp4 } from "./ip-subnets.ts";

/** Where a guest finds its host. */
export const HOST_ADDRESS = "169.254.169.254";
export const HOST_ADDRESS6 = "fd00:ec2::254";
/** The host's own on the link of each guest, in canonical form: helper/rule-templates.h. */
export const HOST_LINK_LOCAL = "fe80::a9fe:a9fe";

/**
 * In session mode QEMU's own network gives each guest this address. The MAC that follows from it is the channel's there too: metadata
 * describe the channel's interface by its MAC, and no other guest is ever on the same wire.
 */
export const SESSION_CHANNEL_IP = "169.254.0.10";

/** Locally administered, and kept free for this by the database. */
export const CHANNEL_MAC_PREFIX = "02:5c";

/** @throws RangeError where it isn't an IPv4 address */
function ipv4(address: string): number {
  const number = parseIp4(address);
  if (number === null) throw new RangeError("not an IPv4 address");
  return number;
}

/** `02:5c:a9:fe:00:02` for 169.254.0.2. @throws RangeError where it isn't an IPv4 address */
export function channelMac(ip: string): string {
  return [CHANNEL_MAC_PREFIX, ...(ipv4(ip).toString(16).padStart(8, "0").match(/../g) ?? [])].join(":");
}

/** `fd00:ec2::a9fe:2` for 169.254.0.2, in the canonical form of RFC 5952. @throws RangeError where it isn't an IPv4 address */
export function channelIp6(ip: string): string {
  const number = ipv4(ip);
  return `fd00:ec2::${Math.floor(number / 65_536).toString(16)}:${(number % 65_536).toString(16)}`;
}
