/**
 * Addresses of the communication mechanism (design: metadata, "The channel"). A guest's MAC and IPv6 address follow from its IPv4
 * address, which is unique in the cluster: so they are unique too, and nothing else has to be stored or handed out.
 */

/** Where a guest finds its host. */
export const HOST_ADDRESS = "169.254.169.254";
export const HOST_ADDRESS6 = "fd00:ec2::254";
/** The host's own on the link of each guest, in canonical form: helper/rule-templates.h. */
export const HOST_LINK_LOCAL = "fe80::a9fe:a9fe";
/** The network in which HOST_ADDRESS6 and the guests' own addresses are, as EC2 has it. */
export const CHANNEL_SUBNET6 = "fd00:ec2::/64";
export const METADATA_PORT = 80;

/**
 * In session mode QEMU's own network gives each guest this address. The MAC that follows from it is the channel's there too: metadata
 * describe the channel's interface by its MAC, and no other guest is ever on the same wire.
 */
export const SESSION_CHANNEL_IP = "169.254.0.10";

/** Locally administered, and kept free for this by the database. */
export const CHANNEL_MAC_PREFIX = "02:5c";

/** The four bytes of a dotted IPv4 address. @throws RangeError where it isn't one */
export function ipv4Bytes(address: string): readonly [number, number, number, number] {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  const [a, b, c, d] = (match?.slice(1) ?? []).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined || Math.max(a, b, c, d) > 255) throw new RangeError("not an IPv4 address");
  return [a, b, c, d];
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** `02:5c:a9:fe:00:02` for 169.254.0.2 */
export function channelMac(ip: string): string {
  return [CHANNEL_MAC_PREFIX, ...ipv4Bytes(ip).map(hex)].join(":");
}

/** `fd00:ec2::a9fe:2` for 169.254.0.2, in the canonical form of RFC 5952. */
export function channelIp6(ip: string): string {
  const [a, b, c, d] = ipv4Bytes(ip);
  return `fd00:ec2::${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
