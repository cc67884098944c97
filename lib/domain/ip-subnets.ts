/** Arithmetic of addresses and subnets. IPv4 addresses are numbers, IPv6 addresses are big ones; an address of a pool is its distance from the subnet's first. */

/** A subnet by its first address and how many bits of it are the network's. */
export interface Subnet4 {
  readonly first: number;
  readonly bits: number;
  /** Addresses in it. */
  readonly size: number;
}

export interface Subnet6 {
  readonly first: bigint;
  readonly bits: number;
}

/** A dotted IPv4 address, each part without leading zeros; null where it isn't one. */
export function parseIp4(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1) ?? [];
  const bytes = parts.map(Number);
  if (bytes.length !== 4 || bytes.some((byte, index) => byte > 255 || String(byte) !== parts[index])) return null;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function formatIp4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** `10.0.0.0/8`; null where it isn't one. Bits of the host's part may be set: `first` is the subnet's own. */
export function parseSubnet4(text: string): Subnet4 | null {
  const match = /^([\d.]{7,15})\/(\d{1,2})$/.exec(text);
  const address = parseIp4(match?.[1] ?? "");
  const bits = Number(match?.[2] ?? "33");
  if (address === null || bits > 32) return null;
  const size = 2 ** (32 - bits);
  return { first: address - (address % size), bits, size };
}

export function formatSubnet4({ first, bits }: Subnet4): string {
  return `${formatIp4(first)}/${bits}`;
}

/** The address at a distance from the subnet's first. @throws RangeError for a text that is no subnet: it comes from the database, which holds none */
export function addressAt(subnet: string, offset: number): string {
  const parsed = parseSubnet4(subnet);
  if (parsed === null) throw new RangeError("not a subnet");
  return formatIp4(parsed.first + offset);
}

/** How far an address is from the subnet's first; null: it isn't in it, or isn't one. */
export function offsetIn(subnet: Subnet4, address: string): number | null {
  const parsed = parseIp4(address);
  const offset = parsed === null ? -1 : parsed - subnet.first;
  return offset >= 0 && offset < subnet.size ? offset : null;
}

export function overlaps(a: Subnet4, b: Subnet4): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/** An IPv6 address in any of its forms but those with a zone or a dotted end; null where it isn't one. */
export function parseIp6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (head === undefined) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array<string>(Math.max(0, missing)).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** `2001:db8::/64`, as IPv4's. */
export function parseSubnet6(text: string): Subnet6 | null {
  const match = /^([0-9a-f:]{2,39})\/(\d{1,3})$/i.exec(text);
  const address = parseIp6(match?.[1] ?? "");
  const bits = Number(match?.[2] ?? "129");
  if (address === null || bits > 128) return null;
  const size = 1n << BigInt(128 - bits);
  return { first: address - (address % size), bits };
}

/** Whether an address is in a subnet. */
export function isIn6({ first, bits }: Subnet6, address: bigint): boolean {
  return address >> BigInt(128 - bits) === first >> BigInt(128 - bits);
}
