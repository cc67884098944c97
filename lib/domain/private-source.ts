import { parseIp4, parseIp6, parseSubnet4, parseSubnet6 } from "./ip-subnets.ts";

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * What is wrong with an entry of the hosts and networks from which an administrator lets images, media and packages be fetched, as the
 * end of a sentence; null: nothing. A host name (all of its addresses), an address, or a range of addresses.
 */
export function privateSourceProblem(entry: string): string | null {
  if (parseIp4(entry) !== null || parseIp6(entry) !== null || parseSubnet4(entry) !== null || parseSubnet6(entry) !== null) return null;
  // 10.0.0 and 10.0.0.300 are names to the pattern below, and addresses to whoever wrote them.
  if (/^[\d.]+$/.test(entry) || entry.includes("/") || entry.includes(":")) return "must be a host name, an address, or a range such as 10.0.0.0/8";
  return HOST_NAME.test(entry) ? null : "must be a host name in lower case, an address, or a range such as 10.0.0.0/8";
}
