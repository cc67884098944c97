import { channelIp6, channelMac } from "#lib/domain/channel-address.ts";

/** What a guest of the tests is called, and its addresses. */
export interface Pair {
  readonly key: string;
  readonly mac: string;
  readonly ip: string;
  readonly ip6: string;
}

/** The pair of the guest that has this number. */
export function pairOf(number: number): Pair {
  const ip = `169.254.${String(number >> 8)}.${String(number & 0xff)}`;
  return { key: `guest-${String(number)}`, mac: channelMac(ip), ip, ip6: channelIp6(ip) };
}
