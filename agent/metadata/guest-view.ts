import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { channelMac, SESSION_CHANNEL_IP } from "#lib/domain/channel-address.ts";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";

/** What the trees tell of an instance, each in its own words. */
export interface GuestView {
  readonly spec: InstanceSpec;
  /** The node's name: EC2's and OpenStack's availability zone. */
  readonly node: string;
  /** MAC of the channel's own interface, which stands after all others. */
  readonly channelMac: string;
  readonly keys: readonly NamedKey[];
}

export interface NamedKey {
  /** Unique among the instance's keys: cloud-init keeps them by name. */
  readonly name: string;
  /** `type base64 comment` */
  readonly line: string;
}

export function viewGuest(spec: InstanceSpec, node: string): GuestView {
  return { spec, node, channelMac: channelMac(spec.channelIp ?? SESSION_CHANNEL_IP), keys: nameKeys(spec.sshKeys) };
}

/** Keys that aren't any are left out. A name is a key's comment, as far as a line of a listing can hold it. */
function nameKeys(lines: readonly string[]): NamedKey[] {
  const names = new Set<string>();
  return lines.flatMap((line) => {
    const key = parseSshPublicKey(line);
    if (key === null) return [];
    const wanted = key.comment.replace(/[^A-Za-z0-9@._-]+/g, "-").slice(0, 64) || "key";
    let name = wanted;
    for (let count = 2; names.has(name); count += 1) name = `${wanted}-${String(count)}`;
    names.add(name);
    return [{ name, line: line.trim() }];
  });
}

/** Bits of a subnet's prefix, and its dotted mask for IPv4. */
export function prefixLength(subnet: string): number {
  return Number(subnet.slice(subnet.indexOf("/") + 1));
}

export function netmask(subnet: string): string {
  const mask = (0xffffffff << (32 - prefixLength(subnet))) >>> 0;
  return prefixLength(subnet) === 0 ? "0.0.0.0" : [24, 16, 8, 0].map((shift) => String((mask >>> shift) & 255)).join(".");
}

/** `ffff:ffff:ffff:ffff::`, as OpenStack writes a prefix of IPv6. */
export function netmask6(subnet: string): string {
  const bits = prefixLength(subnet);
  const groups = Array.from({ length: Math.ceil(bits / 16) }, (_, index) => ((0xffff << Math.max(0, 16 - (bits - index * 16))) & 0xffff).toString(16));
  return groups.length === 8 ? groups.join(":") : `${groups.join(":")}::`;
}
