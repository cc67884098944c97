/** What a guest can do with its channel, and what it can't (design: metadata, "The channel"; machine, "System mode"). */
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import { pairOf } from "./testing/pairs.ts";
import { BROADCAST, HOST, HOST6, PROTOCOL, TCP, arp, echo, ethernet, neighbour, packet, tcp, udp } from "./testing/packets.ts";
import type { Ends } from "./testing/packets.ts";
import { TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const ONE = pairOf(2);
const TWO = pairOf(3);
const OUTSIDE = "192.0.2.9";
const OPENED_PORT = 5_300;
const SHUT_PORT = 5_301;

let helper: TestHelper;
let agent: Connection;
let one: Guest;
let two: Guest;
const datagrams: string[] = [];
const sockets: Socket[] = [];

async function hear(port: number): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (data, from) => datagrams.push(`${from.address} ${data.toString()}`));
  socket.bind(port);
  await once(socket, "listening");
  sockets.push(socket);
}

beforeAll(async () => {
  helper = await TestHelper.start([`open_services=udp:${String(OPENED_PORT)}`]);
  agent = await helper.connect();
  // A host that would forward whatever comes, with something outside to forward to.
  await run("ip", ["link", "add", "outside", "type", "veth", "peer", "name", "beyond"]);
  await run("ip", ["link", "set", "beyond", "up"]);
  await run("ip", ["addr", "add", "192.0.2.1/24", "dev", "outside"]);
  await run("ip", ["link", "set", "outside", "up"]);
  await run("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
  await helper.approve(agent, ONE);
  await helper.approve(agent, TWO);
  one = await Guest.launch(helper, ONE);
  two = await Guest.launch(helper, TWO);
  // Switched on again: it sets every interface.
  await run("sysctl", ["-qw", "net.ipv4.ip_forward=0"]);
  await run("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
  // Without the kernel's own look at where a packet comes from, which would hide a hole in the rules.
  await run("sysctl", ["-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.gnt/com/0.rp_filter=0", "net.ipv4.conf.gnt/com/1.rp_filter=0"]);
  await one.resolves();
  await two.resolves();
  await hear(OPENED_PORT);
  await hear(SHUT_PORT);
}, 60_000);

afterAll(async () => {
  sockets.forEach((socket) => socket.close());
  await one.stop();
  await two.stop();
  await helper.stop();
  await run("ip", ["link", "del", "outside"]);
});

/** The host answers none of these frames, and does answer what the same guest rightly asks for after them. */
async function isSilentAbout(guest: Guest, frames: readonly Buffer[], port: number): Promise<void> {
  frames.forEach((frame) => guest.send(frame));
  await guest.connects();
  expect(guest.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port)).toEqual([]);
}

describe("a guest with its own address", () => {
  it("finds its host by ARP", async () => {
    await one.resolves();
  });

  it("reaches the agent at port 80, by IPv4 and by IPv6", async () => {
    await one.connects();
    await one.connects6();
  });

  it("reaches the agent by IPv6 from its link-local address", async () => {
    one.send(tcp({ mac: ONE.mac, from: "fe80::5c:1", to: HOST6 }, 4_000, 80));
    // The host has to find that address first: it asks for it, which it wouldn't for what it drops.
    await one.expect((seen) => seen.protocol === PROTOCOL.icmp6 && seen.flags === 135 && seen.bytes.subarray(62, 64).toString("hex") === "fe80");
  });

  it("reaches what the administrator opened", async () => {
    one.send(udp(one.ends(), 4_001, OPENED_PORT, Buffer.from("open")));
    await expect.poll(() => datagrams).toContain(`${ONE.ip} open`);
  });

  it("is reached by the host", async () => {
    const socket = connectTcp({ host: ONE.ip, port: 22, localAddress: HOST });
    socket.on("error", () => undefined);
    const asked = await one.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === 22 && seen.flags === TCP.syn);
    const answer = tcp(one.ends(), 22, asked.sourcePort, TCP.syn | TCP.ack);
    answer.writeUInt32BE(asked.bytes.readUInt32BE(38) + 1, 42);
    const sum = packet(one.ends(), PROTOCOL.tcp, Buffer.concat([answer.subarray(34, 50), Buffer.alloc(2), answer.subarray(52)]), 16);
    one.send(sum);
    await once(socket, "connect");
    socket.destroy();
  });
});

describe("a guest that lies", () => {
  const wrong: readonly (readonly [string, (port: number) => Buffer])[] = [
    ["about its hardware address", (port) => tcp({ mac: TWO.mac, from: ONE.ip, to: HOST }, port, 80)],
    ["about its address: its neighbour's", (port) => tcp({ mac: ONE.mac, from: TWO.ip, to: HOST }, port, 80)],
    ["about both", (port) => tcp({ mac: TWO.mac, from: TWO.ip, to: HOST }, port, 80)],
    ["and comes from 127.0.0.1", (port) => tcp({ mac: ONE.mac, from: "127.0.0.1", to: HOST }, port, 80)],
    ["and goes to 127.0.0.1", (port) => tcp({ mac: ONE.mac, from: ONE.ip, to: "127.0.0.1" }, port, 80)],
    ["and comes from nowhere", (port) => tcp({ mac: ONE.mac, from: "0.0.0.0", to: HOST }, port, 80)],
    ["and comes from everywhere", (port) => tcp({ mac: ONE.mac, from: "255.255.255.255", to: HOST }, port, 80)],
    ["and comes from a group", (port) => tcp({ mac: ONE.mac, from: "224.0.0.1", to: HOST }, port, 80)],
    ["and says that it is the host", (port) => tcp({ mac: ONE.mac, from: HOST, to: HOST }, port, 80)],
    ["about its IPv6 address: its neighbour's", (port) => tcp({ mac: ONE.mac, from: TWO.ip6, to: HOST6 }, port, 80)],
    ["and comes from ::1", (port) => tcp({ mac: ONE.mac, from: "::1", to: HOST6 }, port, 80)],
    ["and says that it is the host by IPv6", (port) => tcp({ mac: ONE.mac, from: HOST6, to: HOST6 }, port, 80)],
  ];
  it.each(wrong.map(([name, frame], i) => [name, frame, 6_000 + i] as const))("%s gets no answer", async (_name, frame, port) => {
    await isSilentAbout(one, [frame(port)], port);
    expect(two.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port)).toEqual([]);
  });

  it("is told of to the agent, once for each kind", async () => {
    one.send(udp({ ...one.ends(), from: TWO.ip }, 1, 80, Buffer.from("x")));
    await agent.event(`refused guest=${ONE.key} what=source`);
    one.send(udp({ ...one.ends(), from: TWO.ip }, 1, 80, Buffer.from("x")));
    await one.connects();
    expect(agent.lines.items.filter((line) => line === `0 refused guest=${ONE.key} what=source`)).toHaveLength(1);
  });
});

describe("a guest that wants more than its channel", () => {
  it.each([
    ["another port of the host", (port: number): Buffer => tcp(oneEnds(HOST), port, SHUT_PORT)],
    ["another address of the host", (port: number): Buffer => tcp(oneEnds("192.0.2.1"), port, 80)],
    ["its neighbour", (port: number): Buffer => tcp(oneEnds(TWO.ip), port, 80)],
    ["the outside", (port: number): Buffer => tcp(oneEnds(OUTSIDE), port, 80)],
    ["its neighbour by IPv6", (port: number): Buffer => tcp({ mac: ONE.mac, from: ONE.ip6, to: TWO.ip6 }, port, 80)],
    ["the host's port 80 with an acknowledgement out of nothing", (port: number): Buffer => tcp(oneEnds(HOST), port, 22, TCP.ack)],
  ])("doesn't reach %s", async (name, frame) => {
    const port = 7_000 + name.length;
    await isSilentAbout(one, [frame(port)], port);
    expect(two.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.sourcePort === port)).toEqual([]);
  });

  it("doesn't reach the port at which the agent really listens", async () => {
    const agentPort = await helper.listen(0);
    await isSilentAbout(one, [tcp(one.ends(), 7_500, agentPort)], 7_500);
  });

  it("gets no datagram to a port that isn't open, whole or in pieces", async () => {
    one.send(udp(one.ends(), 4_002, SHUT_PORT, Buffer.from("shut")));
    const whole = udp(one.ends(), 4_002, OPENED_PORT, Buffer.from("in pieces")).subarray(34);
    one.send(packet(one.ends(), PROTOCOL.udp, whole.subarray(0, 8), null, 0x2000));
    one.send(packet(one.ends(), PROTOCOL.udp, whole.subarray(8), null, 1));
    one.send(udp(one.ends(), 4_002, OPENED_PORT, Buffer.from("fence")));
    await expect.poll(() => datagrams).toContain(`${ONE.ip} fence`);
    expect(datagrams.filter((text) => /shut|pieces/.test(text))).toEqual([]);
  });

  it("gets no echo of the host", async () => {
    one.send(echo(one.ends()));
    one.send(echo(one.ends(HOST6)));
    await one.connects();
    expect(one.seen.filter((seen) => (seen.protocol === PROTOCOL.icmp && seen.flags === 0) || (seen.protocol === PROTOCOL.icmp6 && seen.flags === 129))).toEqual([]);
  });

  it("has its packets sent nowhere by the host", async () => {
    const before = await output("ip", "-s", "-j", "link", "show", "outside");
    one.send(udp(one.ends(OUTSIDE), 1, 53, Buffer.from("out")));
    one.send(udp({ ...one.ends(TWO.ip) }, 1, 53, Buffer.from("across")));
    one.send(udp({ mac: ONE.mac, from: "192.0.2.77", to: OUTSIDE }, 1, 53, Buffer.from("out")));
    await one.connects();
    expect(sentPackets(await output("ip", "-s", "-j", "link", "show", "outside"))).toBe(sentPackets(before));
    expect(two.seen.filter((seen) => seen.protocol === PROTOCOL.udp && seen.port === 53)).toEqual([]);
  });
});

function oneEnds(to: string): Ends {
  return { mac: ONE.mac, from: ONE.ip, to };
}

function sentPackets(text: string): unknown {
  // `ip -j` writes an array of one here; a change of that fails the comparison.
  const [link] = JSON.parse(text) as { stats64: { tx: { packets: number } } }[];
  return link?.stats64.tx.packets;
}

describe("a guest that lies by ARP or neighbour discovery", () => {
  async function isNotLearnt(frames: readonly Buffer[], address: string): Promise<void> {
    frames.forEach((frame) => one.send(frame));
    await one.connects();
    expect(await output("ip", "neigh", "show", "dev", await interfaceOf(ONE.key))).not.toContain(address);
    expect(await output("ip", "neigh", "show", address, "dev", await interfaceOf(TWO.key))).not.toContain(ONE.mac);
  }

  it("is nobody else: not its neighbour, not the host", async () => {
    await isNotLearnt(
      [1, 2].flatMap((operation) => [
        arp({ from: ONE.mac, operation: operation === 1 ? 1 : 2, senderMac: ONE.mac, senderIp: TWO.ip, targetIp: HOST }),
        arp({ from: ONE.mac, operation: operation === 1 ? 1 : 2, senderMac: TWO.mac, senderIp: TWO.ip, targetIp: HOST }),
        arp({ from: TWO.mac, operation: operation === 1 ? 1 : 2, senderMac: TWO.mac, senderIp: TWO.ip, targetIp: HOST }),
      ]),
      TWO.ip,
    );
    await agent.event(`refused guest=${ONE.key} what=arp`);
  });

  it("doesn't get by with another kind of hardware", async () => {
    await isNotLearnt([arp({ from: ONE.mac, operation: 1, senderMac: ONE.mac, senderIp: TWO.ip, targetIp: HOST, hardware: 6 })], TWO.ip);
  });

  it("gets no answer for an address of the host that isn't the channel's", async () => {
    one.send(arp({ from: ONE.mac, operation: 1, senderMac: ONE.mac, senderIp: ONE.ip, targetIp: "192.0.2.1" }));
    await one.connects();
    expect(one.seen.filter((seen) => seen.kind === "arp" && seen.from === "192.0.2.1")).toEqual([]);
  });

  it("advertises no IPv6 address but its own", async () => {
    await isNotLearnt([neighbour({ mac: ONE.mac, from: ONE.ip6, to: HOST6 }, 136, TWO.ip6), neighbour({ mac: ONE.mac, from: TWO.ip6, to: HOST6 }, 135, HOST6)], TWO.ip6);
  });

  it("makes itself no router", async () => {
    const advertisement = Buffer.alloc(16);
    advertisement.set([134, 0, 0, 0, 64, 0, 7, 8], 0);
    one.send(packet({ mac: ONE.mac, from: "fe80::5c:1", to: "ff02::1" }, PROTOCOL.icmp6, advertisement, 2));
    await one.connects();
    expect(await output("ip", "-6", "route", "show", "default")).toBe("");
  });
});

describe("others", () => {
  it("don't reach the channel's side of the host by another interface", async () => {
    await run("ip", ["netns", "add", "elsewhere"]);
    try {
      await run("ip", ["link", "add", "near", "type", "veth", "peer", "name", "far", "netns", "elsewhere"]);
      await run("ip", ["addr", "add", "198.51.100.1/24", "dev", "near"]);
      await run("ip", ["link", "set", "near", "up"]);
      await run("ip", ["-n", "elsewhere", "addr", "add", "198.51.100.2/24", "dev", "far"]);
      await run("ip", ["-n", "elsewhere", "link", "set", "far", "up"]);
      await run("ip", ["-n", "elsewhere", "route", "add", "169.254.0.0/16", "via", "198.51.100.1"]);
      const port = await helper.listen(0);
      const try_ = (address: string): Promise<unknown> => run("ip", ["netns", "exec", "elsewhere", "timeout", "1", "bash", "-c", `exec 3<>/dev/tcp/${address}/${String(port)}`]);
      await helper.listen(port, "198.51.100.1");
      await try_("198.51.100.1");
      await expect(try_(HOST)).rejects.toThrow();
      await expect(run("ip", ["netns", "exec", "elsewhere", "ping", "-c1", "-W1", ONE.ip])).rejects.toThrow();
    } finally {
      await run("ip", ["netns", "del", "elsewhere"]);
    }
  });

  it("get nothing through frames that are none", async () => {
    one.send(ethernet(ONE.mac, BROADCAST, 0x0800, Buffer.from([0x45])));
    one.send(ethernet(ONE.mac, BROADCAST, 0x0806, Buffer.from([0, 1])));
    one.send(ethernet(ONE.mac, BROADCAST, 0x86dd, Buffer.alloc(3)));
    one.send(packet(one.ends(), PROTOCOL.udp, Buffer.from([0, 1]), null));
    one.send(packet(one.ends(), PROTOCOL.tcp, Buffer.alloc(2), null));
    await one.connects();
  });
});

async function interfaceOf(key: string): Promise<string> {
  const from = agent.lines.items.length;
  await agent.ask("list");
  const line = agent.lines.items.slice(from).find((item) => item.includes(`guest=${key} `));
  return /name=(\S+)/.exec(line ?? "")?.[1] ?? "";
}
