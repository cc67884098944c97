/** Routed interfaces with real traffic: kernels at both ends, the host between them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { pairOf } from "./testing/pairs.ts";
import { Machine } from "./testing/machine.ts";
import { ask, serve } from "./testing/service.ts";
import { TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const GUEST = { ...pairOf(2), mac: "02:00:00:00:00:31", ip: "203.0.113.31", ip6: "fd13::31" };
/** Of the same network: as kernels see it that are told its prefix, each other's neighbour on the link. */
const NEIGHBOUR = { ...pairOf(4), mac: "02:00:00:00:00:33", ip: "203.0.113.33", ip6: "fd13::33" };
const OTHER_NEIGHBOUR = { ...pairOf(5), mac: "02:00:00:00:00:34", ip: "203.0.113.34", ip6: "fd13::34" };
const TABLED = { ...pairOf(3), mac: "02:00:00:00:00:32", ip: "203.0.113.32", ip6: "fd13::32" };
/** Two worlds beyond the host, each with the same address; the main table knows the one, table 77 the other. */
const FIRST = { name: "first", host: "192.0.2.1", own: "192.0.2.2", host6: "fd91::1", own6: "fd91::2" };
const SECOND = { name: "second", host: "198.51.100.1", own: "198.51.100.2", host6: "fd92::1", own6: "fd92::2" };
const ANYWHERE = "100.64.0.1";
const ANYWHERE6 = "fd99::1";
const TABLE = "77";

let helper: TestHelper;
let agent: Connection;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  helper = await TestHelper.start(["routed_networks=203.0.113.0/24,fd13::/64"]);
  agent = await helper.connect();
  await run("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
  for (const { name, host, own, host6, own6 } of [FIRST, SECOND]) {
    await run("ip", ["netns", "add", name]);
    undo.push(() => run("ip", ["netns", "del", name]));
    await run("ip", ["link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name]);
    await run("ip", ["addr", "add", `${host}/24`, "dev", name]);
    await run("ip", ["addr", "add", `${host6}/64`, "dev", name, "nodad"]);
    await run("ip", ["link", "set", name, "up"]);
    for (const [to, address] of [["lo", ANYWHERE], ["lo", ANYWHERE6], ["eth0", `${own}/24`], ["eth0", `${own6}/64`]] as const) await run("ip", ["-n", name, "addr", "add", address, "dev", to, ...(address.includes(":") ? ["nodad"] : [])]);
    for (const link of ["lo", "eth0"]) await run("ip", ["-n", name, "link", "set", link, "up"]);
    await run("ip", ["-n", name, "route", "add", "default", "via", host]);
    await run("ip", ["-n", name, "route", "add", "default", "via", host6]);
    undo.push(await serve(name, name));
  }
  await run("ip", ["route", "add", "default", "via", FIRST.own]);
  await run("ip", ["route", "add", "default", "via", FIRST.own6]);
}, 60_000);

afterAll(async () => {
  for (const one of undo.reverse()) await one();
  await helper.stop();
});

interface Routes {
  readonly gateway: string;
  readonly gateway6: string;
}

async function connect(pair: typeof GUEST, { gateway, gateway6 }: Routes, more = "", bits = 32): Promise<Machine> {
  expect(await agent.ask(`nic guest=${pair.key} index=0 mode=routed mac=${pair.mac} ip=${pair.ip} ip6=${pair.ip6} gateway=${gateway} gateway6=${gateway6}${more}`)).toMatch(/^ok /);
  const machine = await Machine.plugIn(helper, pair);
  await machine.ip("addr", "add", `${pair.ip}/${String(bits)}`, "dev", "eth0");
  await machine.ip("addr", "add", `${pair.ip6}/128`, "dev", "eth0", "nodad");
  await machine.ip("route", "add", "default", "via", gateway, "dev", "eth0", "onlink");
  await machine.ip("route", "add", "default", "via", gateway6, "dev", "eth0", "onlink");
  undo.push(() => machine.unplug(), await serve(machine.namespace, "guest"));
  return machine;
}

async function release(): Promise<void> {
  // Its service, then itself.
  await undo.pop()?.();
  await undo.pop()?.();
}

describe.each([
  ["of the link", { gateway: "203.0.113.1", gateway6: "fe80::1" }, false],
  ["to which the host has a way", { gateway: "203.0.113.1", gateway6: "fd13::1" }, true],
  ["that is nowhere else", { gateway: "203.0.113.1", gateway6: "fd13::1" }, false],
] as const)("a routed interface with a gateway %s", (_kind, routes, isElsewhere) => {
  it("reaches the world and is reached from there, by IPv4 and IPv6", async () => {
    const table = isElsewhere ? [] : [["203.0.113.0/24"], ["fd13::/64"]];
    for (const [network = ""] of table) await run("ip", ["route", "add", "unreachable", network]);
    const machine = await connect(GUEST, routes);
    try {
      // In at first: the host has to find the guest by itself.
      expect.soft(await ask(FIRST.name, GUEST.ip), "IPv4, in").toBe(`guest ${FIRST.own}`);
      expect.soft(await ask(FIRST.name, GUEST.ip6), "IPv6, in").toBe(`guest ${FIRST.own6}`);
      expect.soft(await ask(machine.namespace, ANYWHERE), "IPv4, out").toBe(`first ${GUEST.ip}`);
      expect.soft(await ask(machine.namespace, ANYWHERE6), "IPv6, out").toBe(`first ${GUEST.ip6}`);
    } finally {
      await release();
      for (const [network = ""] of table) await run("ip", ["route", "del", "unreachable", network]);
    }
  });
});

describe("routed interfaces of one network", () => {
  const routes = { gateway: "203.0.113.46", gateway6: "fe80::1" };

  it("reach each other through the host, which answers for the neighbour", async () => {
    const one = await connect(NEIGHBOUR, routes, "", 28);
    const other = await connect(OTHER_NEIGHBOUR, routes, "", 28);
    expect.soft(await ask(one.namespace, OTHER_NEIGHBOUR.ip), "IPv4, there").toBe(`guest ${NEIGHBOUR.ip}`);
    expect.soft(await ask(other.namespace, NEIGHBOUR.ip), "IPv4, back").toBe(`guest ${OTHER_NEIGHBOUR.ip}`);
    expect.soft(await ask(one.namespace, OTHER_NEIGHBOUR.ip6), "IPv6, by the gateway").toBe(`guest ${NEIGHBOUR.ip6}`);
    await release();
    await release();
  });
});

describe("a routed interface with a routing table of its own", () => {
  it("is led by that table, out and in, and by no other", async () => {
    await run("ip", ["route", "add", ANYWHERE, "via", SECOND.own, "table", TABLE]);
    await run("ip", ["route", "add", ANYWHERE6, "via", SECOND.own6, "table", TABLE]);
    for (const family of ["-4", "-6"]) await run("ip", [family, "rule", "add", "iif", SECOND.name, "lookup", TABLE]);
    undo.push(async () => {
      for (const family of ["-4", "-6"]) await run("ip", [family, "rule", "del", "iif", SECOND.name, "lookup", TABLE]);
    });
    for (const network of [SECOND.own, SECOND.own6]) await run("ip", ["route", "add", network, "dev", SECOND.name, "table", TABLE]);
    const machine = await connect(TABLED, { gateway: "203.0.113.1", gateway6: "fd13::1" }, ` link=${TABLE}`);
    expect.soft(await ask(SECOND.name, TABLED.ip), "IPv4, in").toBe(`guest ${SECOND.own}`);
    expect.soft(await ask(SECOND.name, TABLED.ip6), "IPv6, in").toBe(`guest ${SECOND.own6}`);
    expect.soft(await ask(machine.namespace, ANYWHERE), "IPv4, out").toBe(`second ${TABLED.ip}`);
    expect.soft(await ask(machine.namespace, ANYWHERE6), "IPv6, out").toBe(`second ${TABLED.ip6}`);
    // What the main table alone knows: not even a packet gets there.
    await run("nft", ["add table inet counted; add chain inet counted out { type filter hook forward priority 0; }; add rule inet counted out iifname gnt.nic.* oifname first counter"]);
    expect.soft(await ask(machine.namespace, FIRST.own), "IPv4, elsewhere").toBeNull();
    expect.soft(await ask(machine.namespace, FIRST.own6), "IPv6, elsewhere").toBeNull();
    expect.soft(await output("nft", "list", "table", "inet", "counted")).toContain("packets 0 ");
    await release();
  }, 30_000);
});
