import { isIn6, offsetIn, parseIp4, parseIp6, parseSubnet4, parseSubnet6, formatIp4, type Subnet6 } from "#lib/domain/ip-subnets.ts";

/** IPv4 that is somebody's own: fetched from where an administrator says so (RFC 6890 and the registry that follows it). */
const PRIVATE4 = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15"].map(subnet4);
/** IPv4 from which nothing is fetched, whoever says so: this host, documentation, 6to4 relays, multicast, reserved, broadcast. */
const UNUSABLE4 = ["0.0.0.0/8", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"].map(subnet4);
/** What of IPv6 is the world's (RFC 4291, 2.4). */
const GLOBAL6 = subnet6("2000::/3");
/** Of these the registry has special purposes: protocol assignments with Teredo, documentation, 6to4. */
const SPECIAL6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map(subnet6);
/** Loopback, NAT64 with a prefix of one's own, unique local, link-local, site-local. */
const PRIVATE6 = ["::1/128", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10"].map(subnet6);
/** IPv4 in another dress: mapped, and behind NAT64. */
const CARRIES4 = ["::ffff:0:0/96", "64:ff9b::/96"].map(subnet6);

function subnet4(text: string): NonNullable<ReturnType<typeof parseSubnet4>> {
  const subnet = parseSubnet4(text);
  if (subnet === null) throw new RangeError(text);
  return subnet;
}

function subnet6(text: string): Subnet6 {
  const subnet = parseSubnet6(text);
  if (subnet === null) throw new RangeError(text);
  return subnet;
}

/** public; private: an administrator may let it be used; unusable: nobody may. */
export type AddressKind = "public" | "private" | "unusable";

type Address = { readonly version: 4; readonly text: string } | { readonly version: 6; readonly value: bigint };

/** An address as it counts: IPv4 that is carried in IPv6 is IPv4. Null: it isn't one, or has a zone. */
function readAddress(text: string): Address | null {
  if (parseIp4(text) !== null) return { version: 4, text };
  // A dotted end is how some resolvers print the mapped ones.
  const dotted = /^(.*:)([\d.]+)$/.exec(text);
  const tail = dotted === null ? null : parseIp4(dotted[2] ?? "");
  if (dotted !== null && tail === null && text.includes(".")) return null;
  const value = parseIp6(tail === null ? text : `${dotted?.[1] ?? ""}${(tail >>> 16).toString(16)}:${(tail & 0xff_ff).toString(16)}`);
  if (value === null) return null;
  if (CARRIES4.some((subnet) => isIn6(subnet, value))) return { version: 4, text: formatIp4(Number(value & 0xffff_ffffn)) };
  return { version: 6, value };
}

/** What kind of network an address is of. What can't be read as one is unusable. */
export function addressKind(text: string): AddressKind {
  const address = readAddress(text);
  if (address === null) return "unusable";
  if (address.version === 4) {
    if (UNUSABLE4.some((subnet) => offsetIn(subnet, address.text) !== null)) return "unusable";
    return PRIVATE4.some((subnet) => offsetIn(subnet, address.text) !== null) ? "private" : "public";
  }
  if (PRIVATE6.some((subnet) => isIn6(subnet, address.value))) return "private";
  return isIn6(GLOBAL6, address.value) && !SPECIAL6.some((subnet) => isIn6(subnet, address.value)) ? "public" : "unusable";
}

/**
 * Whether something may be fetched from an address (design: install, "Private addresses … are refused unless the administrator allows
 * them").
 *
 * @param host as the URL names it, lower case, IPv6 without brackets
 * @param allowPrivate host names, addresses and CIDR ranges
 */
export function isAddressAllowed(text: string, host: string, allowPrivate: readonly string[]): boolean {
  switch (addressKind(text)) {
    case "public":
      return true;
    case "private":
      return allowPrivate.some((entry) => entry.toLowerCase() === host || covers(entry, text));
    case "unusable":
      return false;
  }
}

/** Whether an entry of the administrator's list is this address, or a range that it lies in. */
function covers(entry: string, text: string): boolean {
  const address = readAddress(text);
  if (address === null) return false;
  if (address.version === 4) {
    const range = parseSubnet4(entry.includes("/") ? entry : `${entry}/32`);
    return range !== null && offsetIn(range, address.text) !== null;
  }
  const range = parseSubnet6(entry.includes("/") ? entry : `${entry}/128`);
  return range !== null && isIn6(range, address.value);
}
