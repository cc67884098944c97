/** Frames as a guest sends them, byte by byte: what a kernel wouldn't send is what the tests are about. */

export const HOST = "169.254.169.254";
export const HOST6 = "fd00:ec2::254";
export const HOST_MAC = "06:5c:a9:fe:a9:fe";
export const BROADCAST = "ff:ff:ff:ff:ff:ff";

const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

export function ip4Bytes(ip: string): Buffer {
  return Buffer.from(ip.split(".").map(Number));
}

export function ip6Bytes(ip: string): Buffer {
  const [head = "", tail] = ip.split("::");
  const words = (text: string): number[] => (text === "" ? [] : text.split(":").map((word) => parseInt(word, 16)));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = Buffer.alloc(16);
  all.forEach((word, i) => bytes.writeUInt16BE(word, i * 2));
  return bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function sum(...parts: readonly Buffer[]): Buffer {
  const all = Buffer.concat(parts);
  let total = 0;
  for (let i = 0; i < all.length; i += 2) total += ((all[i] ?? 0) << 8) | (all[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return word(~total & 0xffff);
}

function withSum(payload: Buffer, at: number, pseudo: Buffer): Buffer {
  const copy = Buffer.from(payload);
  sum(pseudo, copy).copy(copy, at);
  return copy;
}

export function ethernet(from: string, to: string, type: number, payload: Buffer): Buffer {
  return Buffer.concat([macBytes(to), macBytes(from), word(type), payload]);
}

export interface ArpFields {
  readonly from: string;
  readonly operation: 1 | 2;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetIp: string;
  /** 1: Ethernet, which is right */
  readonly hardware?: number;
}

export function arp(fields: ArpFields): Buffer {
  const payload = Buffer.concat([
    word(fields.hardware ?? 1), word(ETHERTYPE.ipv4), Buffer.from([6, 4]), word(fields.operation),
    macBytes(fields.senderMac), ip4Bytes(fields.senderIp), Buffer.alloc(6), ip4Bytes(fields.targetIp),
  ]);
  return ethernet(fields.from, BROADCAST, ETHERTYPE.arp, payload);
}

export interface Ends {
  readonly mac: string;
  readonly from: string;
  readonly to: string;
  /** The host's, unless said otherwise. */
  readonly toMac?: string;
}

/** An IPv4 or IPv6 packet in its frame, by the form of the address. `at`: where the sum stands in the payload, null for none. */
export function packet(ends: Ends, protocol: number, payload: Buffer, at: number | null, offset = 0): Buffer {
  const toMac = ends.toMac ?? HOST_MAC;
  if (ends.from.includes(":")) {
    const from = ip6Bytes(ends.from);
    const to = ip6Bytes(ends.to);
    const pseudo = Buffer.concat([from, to, Buffer.alloc(2), word(payload.length), Buffer.from([0, 0, 0, protocol])]);
    const body = at === null ? payload : withSum(payload, at, pseudo);
    const header = Buffer.concat([Buffer.from([0x60, 0, 0, 0]), word(body.length), Buffer.from([protocol, 255]), from, to]);
    return ethernet(ends.mac, toMac, ETHERTYPE.ipv6, Buffer.concat([header, body]));
  }
  const from = ip4Bytes(ends.from);
  const to = ip4Bytes(ends.to);
  const pseudo = protocol === PROTOCOL.icmp ? Buffer.alloc(0) : Buffer.concat([from, to, Buffer.from([0, protocol]), word(payload.length)]);
  const body = at === null ? payload : withSum(payload, at, pseudo);
  const header = Buffer.concat([Buffer.from([0x45, 0]), word(20 + body.length), word(7), word(offset), Buffer.from([64, protocol, 0, 0]), from, to]);
  sum(header).copy(header, 10);
  return ethernet(ends.mac, toMac, ETHERTYPE.ipv4, Buffer.concat([header, body]));
}

export function udp(ends: Ends, sourcePort: number, port: number, data: Buffer): Buffer {
  return packet(ends, PROTOCOL.udp, Buffer.concat([word(sourcePort), word(port), word(8 + data.length), word(0), data]), 6);
}

export const TCP = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

/** `at`: sequence and acknowledgement number. */
export function tcp(ends: Ends, sourcePort: number, port: number, flags: number = TCP.syn, at: readonly [number, number] = [1, 0], data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt32BE(at[0], 4);
  header.writeUInt32BE(at[1], 8);
  header[12] = 5 << 4;
  header[13] = flags;
  header.writeUInt16BE(4096, 14);
  return packet(ends, PROTOCOL.tcp, Buffer.concat([header, data]), 16);
}

export function echo(ends: Ends): Buffer {
  const six = ends.from.includes(":");
  return packet(ends, six ? PROTOCOL.icmp6 : PROTOCOL.icmp, Buffer.from([six ? 128 : 8, 0, 0, 0, 0, 1, 0, 1]), 2);
}

/** A neighbour solicitation (135) or advertisement (136) for `target`. */
export function neighbour(ends: Ends, type: 135 | 136, target: string): Buffer {
  const option = Buffer.concat([Buffer.from([type === 135 ? 1 : 2, 1]), macBytes(ends.mac)]);
  const flags = type === 135 ? 0 : 0x60;
  return packet(ends, PROTOCOL.icmp6, Buffer.concat([Buffer.from([type, 0, 0, 0, flags, 0, 0, 0]), ip6Bytes(target), option]), 2);
}

/** What a router says of itself to a whole link. */
export function routerAdvertisement(ends: Ends): Buffer {
  return packet(ends, PROTOCOL.icmp6, ROUTER_ADVERTISEMENT, 2);
}

/** Its message alone, without its sum: nobody here looks at that. */
export const ROUTER_ADVERTISEMENT = Buffer.from([134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);

/** IPv6's headers between its own and the transport's, each of eight bytes: `next` is what follows. */
export const HEADER6 = { hopByHop: 0, fragment: 44, destination: 60 } as const;

export function options6(next: number): Buffer {
  return Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]);
}

/** `at`: bytes from the beginning of what was taken apart. */
export function fragment6(next: number, at: number, isMore: boolean): Buffer {
  return Buffer.concat([Buffer.from([next, 0]), word(at | (isMore ? 1 : 0)), Buffer.from([0, 0, 0, 9])]);
}

/** The same frame behind a tag of this network, 0 for none. */
export function tagged(frame: Buffer, network: number): Buffer {
  return Buffer.concat([frame.subarray(0, 12), word(0x8100), word(network), frame.subarray(12)]);
}

export interface DhcpFields {
  readonly mac: string;
  /** The hardware address in the message: whoever it says that it is. */
  readonly client: string;
  readonly type: 1 | 3 | 7;
  readonly id: number;
  readonly requested?: string;
  readonly relay?: string;
}

export function dhcp(fields: DhcpFields): Buffer {
  const message = Buffer.alloc(300);
  message.set([1, 1, 6, 0], 0);
  message.writeUInt32BE(fields.id, 4);
  message.writeUInt16BE(0x8000, 10);
  if (fields.relay !== undefined) ip4Bytes(fields.relay).copy(message, 24);
  macBytes(fields.client).copy(message, 28);
  message.set([99, 130, 83, 99, 53, 1, fields.type], 236);
  let at = 243;
  if (fields.requested !== undefined) {
    message.set([50, 4, ...ip4Bytes(fields.requested), 54, 4, ...ip4Bytes(HOST)], at);
    at += 12;
  }
  message[at] = 255;
  return udp({ mac: fields.mac, from: "0.0.0.0", to: "255.255.255.255", toMac: BROADCAST }, 68, 67, message);
}

/** What the tests look at in a frame that the guest got. */
export interface Seen {
  readonly kind: "arp" | "ipv4" | "ipv6" | "other";
  readonly protocol: number;
  readonly from: string;
  readonly to: string;
  readonly sourcePort: number;
  readonly port: number;
  /** TCP's flags, or ICMP's type */
  readonly flags: number;
  readonly bytes: Buffer;
}

function ip6Text(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
}

export function look(frame: Buffer): Seen {
  const type = frame.readUInt16BE(12);
  const none = { protocol: 0, from: "", to: "", sourcePort: 0, port: 0, flags: 0, bytes: frame };
  if (type === ETHERTYPE.arp) {
    return { ...none, kind: "arp", from: frame.subarray(28, 32).join("."), to: frame.subarray(38, 42).join("."), flags: frame.readUInt16BE(20) };
  }
  if (type !== ETHERTYPE.ipv4 && type !== ETHERTYPE.ipv6) return { ...none, kind: "other" };
  const six = type === ETHERTYPE.ipv6;
  const protocol = frame[six ? 20 : 23] ?? 0;
  const ends = six
    ? { from: ip6Text(frame.subarray(22, 38)), to: ip6Text(frame.subarray(38, 54)) }
    : { from: frame.subarray(26, 30).join("."), to: frame.subarray(30, 34).join(".") };
  const at = six ? 54 : 34;
  const ports = protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp ? { sourcePort: frame.readUInt16BE(at), port: frame.readUInt16BE(at + 2) } : { sourcePort: 0, port: 0 };
  const flags = protocol === PROTOCOL.tcp ? (frame[at + 13] ?? 0) : (frame[at] ?? 0);
  return { ...none, ...ends, ...ports, kind: six ? "ipv6" : "ipv4", protocol, flags };
}
