/** What guests on a bridge may be for each other: neither somebody else, nor router, nor DHCP server. */
import { writeFile } from "node:fs/promises";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import { pairOf } from "./testing/pairs.ts";
import { BROADCAST, HEADER6, PROTOCOL, ROUTER_ADVERTISEMENT, fragment6, neighbour, options6, packet, routerAdvertisement, tagged, udp } from "./testing/packets.ts";
import type { Ends } from "./testing/packets.ts";
import { TestHelper, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

/** With an address of a network that has IPv6, of one that has none, of IPv6 alone, and without any. */
const POOLED = { ...pairOf(2), mac: "02:00:00:00:00:21", ip: "198.51.100.21", ip6: "fd12::21" };
const PLAIN = { ...pairOf(3), mac: "02:00:00:00:00:22", ip: "198.51.100.22", ip6: "fd12::22" };
const SIX = { ...pairOf(4), mac: "02:00:00:00:00:23", ip: "198.51.100.23", ip6: "fd12::23" };
const FREE = { ...pairOf(5), mac: "02:00:00:00:00:24", ip: "198.51.100.24", ip6: "fd12::24" };
const ROUTER = "fd12::1";
const OWN_LINK = "fe80::aa:bb:cc:dd";

let helper: TestHelper;
let agent: Connection;
const guests = new Map<string, Guest>();

beforeAll(async () => {
  helper = await TestHelper.start(["bridges=br0"]);
  agent = await helper.connect();
  // Where br_netfilter is loaded it puts fragments together and takes them apart anew: here they come as they were sent.
  for (const family of ["ip", "ip6"]) await writeFile(`/proc/sys/net/bridge/bridge-nf-call-${family}tables`, "0").catch(() => undefined);
  await run("ip", ["link", "add", "br0", "type", "bridge", "mcast_snooping", "0"]);
  await run("ip", ["link", "set", "br0", "up"]);
  const nics = [
    [POOLED, `ip=${POOLED.ip} ip6net=fd12::/50 gateway6=${ROUTER}`],
    [PLAIN, `ip=${PLAIN.ip}`],
    [SIX, `ip6=${SIX.ip6} ip6net=fd12:1::/64 gateway6=fe80::1`],
    [FREE, ""],
  ] as const;
  for (const [pair, addresses] of nics) {
    expect(await agent.ask(`nic guest=${pair.key} index=0 mode=bridged link=br0 mac=${pair.mac} ${addresses}`.trim())).toMatch(/^ok /);
    guests.set(pair.key, await Guest.launch(helper, pair));
  }
}, 60_000);

afterAll(async () => {
  for (const guest of guests.values()) await guest.stop();
  await helper.stop();
  await run("ip", ["link", "del", "br0"]);
});

function guestOf({ key }: { readonly key: string }): Guest {
  const guest = guests.get(key);
  if (guest === undefined) throw new Error("no such guest");
  return guest;
}

/** IPv4 to everybody on the bridge, and IPv6. */
function all4(pair: { readonly mac: string; readonly ip: string }, from = pair.ip): Ends {
  return { mac: pair.mac, from, to: "255.255.255.255", toMac: BROADCAST };
}

function all6(pair: { readonly mac: string }, from: string): Ends {
  return { mac: pair.mac, from, to: "ff02::1", toMac: BROADCAST };
}

function data(ends: Ends, from = 1, to = 2): Buffer {
  return udp(ends, from, to, Buffer.from("x"));
}

let fence = 10_000;

/** Which of the frames come to a neighbour; the fence behind them always does. */
async function arrived(pair: { readonly key: string; readonly mac: string; readonly ip: string }, frames: Readonly<Record<string, Buffer>>, fenced = data(all4(pair), 1, ++fence)): Promise<string[]> {
  const neighbour = guestOf(pair.key === FREE.key ? PLAIN : FREE);
  const before = neighbour.seen.length;
  const sender = guestOf(pair);
  for (const frame of Object.values(frames)) sender.send(frame);
  sender.send(fenced);
  await neighbour.expect((seen) => neighbour.seen.indexOf(seen) >= before && seen.bytes.equals(fenced));
  const came = neighbour.seen.slice(before);
  return Object.entries(frames).flatMap(([name, frame]) => (came.some(({ bytes }) => bytes.equals(frame)) ? [name] : []));
}

function fenceOfSix(): Buffer {
  return data(all6(SIX, SIX.ip6), 1, ++fence);
}

describe("a bridged interface with an IPv4 address", () => {
  it("has its link's IPv6 addresses and those of its network", async () => {
    const frames = {
      "its link's": data(all6(POOLED, OWN_LINK)),
      "its network's": data(all6(POOLED, "fd12::21")),
      "its network's last": data(all6(POOLED, "fd12:0:0:3fff:ffff:ffff:ffff:ffff")),
      "looks for its own": neighbour(all6(POOLED, "::"), 135, "fd12::21"),
      "says that it has it": neighbour(all6(POOLED, "fd12::21"), 136, "fd12::21"),
      "looks for its router": neighbour(all6(POOLED, "fd12::21"), 135, ROUTER),
      "asks for routers": packet(all6(POOLED, "::"), PROTOCOL.icmp6, Buffer.from([133, 0, 0, 0, 0, 0, 0, 0]), 2),
      "joins a group": packet(all6(POOLED, "::"), HEADER6.hopByHop, Buffer.concat([Buffer.from([PROTOCOL.icmp6, 0, 5, 2, 0, 0, 1, 0]), Buffer.from([143, 0, 0, 0, 0, 0, 0, 0])]), null),
      "asks for a lease": data(all6(POOLED, OWN_LINK), 546, 547),
    };
    expect(await arrived(POOLED, frames)).toEqual(Object.keys(frames));
  });

  it("has no other, and not its router's", async () => {
    expect(await arrived(POOLED, {
      "another network's": data(all6(POOLED, "fd12:0:0:4000::1")),
      "another's": data(all6(POOLED, "2001:db8::1")),
      "the router's": data(all6(POOLED, ROUTER)),
      "of another MAC": data({ ...all6(POOLED, OWN_LINK), mac: FREE.mac }),
      "says that it is the router": neighbour(all6(POOLED, OWN_LINK), 136, ROUTER),
      "says so from nowhere": neighbour(all6(POOLED, "2001:db8::1"), 136, "fd12::21"),
      "says that it has another's": neighbour(all6(POOLED, OWN_LINK), 136, "2001:db8::1"),
      "says that it takes the router's": neighbour(all6(POOLED, "::"), 135, ROUTER),
      "says that it takes another's": neighbour(all6(POOLED, "::"), 135, "2001:db8::1"),
      "sends from none": data(all6(POOLED, "::")),
    })).toEqual([]);
    await agent.event(`refused guest=${POOLED.key} what=source`);
    await agent.event(`refused guest=${POOLED.key} what=arp`);
  });

  it("has its link's alone where its network has no IPv6", async () => {
    expect(await arrived(PLAIN, {
      "its link's": data(all6(PLAIN, OWN_LINK)),
      "any": data(all6(PLAIN, PLAIN.ip6)),
      "says that it has any": neighbour(all6(PLAIN, OWN_LINK), 136, PLAIN.ip6),
    })).toEqual(["its link's"]);
  });
});

describe("a bridged interface with an IPv6 address", () => {
  it("has that one and its network's, not its router's of the link, and none of IPv4", async () => {
    expect(await arrived(SIX, {
      "its own": data(all6(SIX, SIX.ip6)),
      "its network's": data(all6(SIX, "fd12:1::5")),
      "another": data(all6(SIX, "fd12::22")),
      "the router's": data(all6(SIX, "fe80::1")),
      "says that it is the router": neighbour(all6(SIX, OWN_LINK), 136, "fe80::1"),
      "of IPv4": data(all4(SIX)),
      "asks for a lease": data(all4(SIX, "0.0.0.0"), 68, 67),
    }, fenceOfSix())).toEqual(["its own", "its network's", "asks for a lease"]);
  });
});

const redirect = Buffer.concat([Buffer.from([137, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(32)]);

describe.each([
  ["held", POOLED, OWN_LINK],
  ["free", FREE, "fe80::1"],
] as const)("a bridged interface that is %s", (_kind, pair, from) => {
  const six = all6(pair, from);

  it("plays no router", async () => {
    const { destination, fragment, hopByHop } = HEADER6;
    const inside = (first: number, ...parts: readonly Buffer[]): Buffer => packet(six, first, Buffer.concat(parts), null);
    const advertisement = routerAdvertisement(six);
    expect(await arrived(pair, {
      "advertises": advertisement,
      "redirects": packet(six, PROTOCOL.icmp6, redirect, 2),
      "behind options": inside(destination, options6(PROTOCOL.icmp6), ROUTER_ADVERTISEMENT),
      "behind more of them": inside(hopByHop, options6(destination), options6(destination), options6(PROTOCOL.icmp6), ROUTER_ADVERTISEMENT),
      "in a fragment": inside(fragment, fragment6(PROTOCOL.icmp6, 0, false), ROUTER_ADVERTISEMENT),
      "in the first of two": inside(fragment, fragment6(PROTOCOL.icmp6, 0, true), ROUTER_ADVERTISEMENT.subarray(0, 8)),
      "in a fragment, behind options": inside(fragment, fragment6(destination, 0, false), options6(PROTOCOL.icmp6), ROUTER_ADVERTISEMENT),
      "in the second of two": inside(fragment, fragment6(destination, 8, false), ROUTER_ADVERTISEMENT),
      "in a fragment of a fragment": inside(fragment, fragment6(fragment, 0, false), fragment6(PROTOCOL.icmp6, 0, false), ROUTER_ADVERTISEMENT),
      "before a first fragment that ends too soon": inside(fragment, fragment6(destination, 0, true), Buffer.from([PROTOCOL.icmp6, 2, 1, 4, 0, 0, 0, 0])),
      "behind options that never end": inside(destination, Buffer.from([PROTOCOL.icmp6, 20, 1, 4, 0, 0, 0, 0])),
      "behind a tag of no network": tagged(advertisement, 0),
      "behind two of them": tagged(tagged(advertisement, 0), 0),
    })).toEqual([]);
    await agent.event(`refused guest=${pair.key} what=arp`);
  });

  it("plays no DHCP server", async () => {
    expect(await arrived(pair, {
      "answers": data(all4(pair), 67, 68),
      "answers from another port": data(all4(pair), 4_000, 68),
      "speaks as one": data(all4(pair), 67, 67),
      "answers in the first fragment": packet(all4(pair), PROTOCOL.udp, Buffer.from([0, 67, 0, 68, 0, 16, 0, 0]), null, 0x2000),
      "answers in IPv6": data(six, 547, 546),
      "answers in IPv6 from another port": data(six, 4_000, 546),
      "answers behind options": packet(six, HEADER6.destination, Buffer.concat([options6(PROTOCOL.udp), Buffer.from([2, 35, 2, 34, 0, 8, 0, 0])]), null),
      "answers in a fragment of IPv6": packet(six, HEADER6.fragment, Buffer.concat([fragment6(PROTOCOL.udp, 0, true), Buffer.from([2, 35, 2, 34, 0, 16, 0, 0])]), null),
      "answers behind a tag of no network": tagged(data(all4(pair), 67, 68), 0),
    })).toEqual([]);
    await agent.event(`refused guest=${pair.key} what=dhcp`);
  });

  it("sends what isn't that", async () => {
    const frames = {
      "asks for a lease": data(all4(pair, "0.0.0.0"), 68, 67),
      "asks for one of IPv6": data(six, 546, 547),
      "a fragment": packet(all4(pair), PROTOCOL.udp, Buffer.alloc(16), null, 0x2000),
      "the next": packet(all4(pair), PROTOCOL.udp, Buffer.alloc(16), null, 2),
      "a fragment of IPv6": packet(six, HEADER6.fragment, Buffer.concat([fragment6(PROTOCOL.icmp6, 0, true), Buffer.from([128, 0, 0, 0, 0, 1, 0, 1])]), null),
      "the next of IPv6": packet(six, HEADER6.fragment, Buffer.concat([fragment6(PROTOCOL.icmp6, 8, false), Buffer.alloc(8, 134)]), null),
      "behind options": packet(six, HEADER6.destination, Buffer.concat([options6(PROTOCOL.icmp6), Buffer.from([128, 0, 0, 0, 0, 1, 0, 1])]), null),
    };
    expect(await arrived(pair, frames)).toEqual(Object.keys(frames));
  });
});
