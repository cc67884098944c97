/** What a guest can cost its host, and what that does to its neighbour; and the hooks (README.md). */
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import type { Pair } from "./testing/pairs.ts";
import { pairOf } from "./testing/pairs.ts";
import { HOST, HOST6, PROTOCOL, TCP, arp, ip6Bytes, neighbour, tcp } from "./testing/packets.ts";
import { TestHelper, output } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

let helper: TestHelper;
let agent: Connection;
const started: Guest[] = [];

async function launch(number: number): Promise<Guest> {
  const pair = pairOf(number);
  await helper.approve(agent, pair);
  const guest = await Guest.launch(helper, pair);
  started.push(guest);
  await guest.resolves();
  return guest;
}

beforeAll(async () => {
  helper = await TestHelper.start();
  agent = await helper.connect();
}, 60_000);

afterAll(async () => {
  for (const guest of started) await guest.stop();
  await helper.stop();
});

function refused(pair: Pair, what: string): Promise<void> {
  return agent.event(`refused guest=${pair.key} what=${what}`);
}

/** As the kernel writes it there. */
function longForm(ip6: string): string {
  return (ip6Bytes(ip6).toString("hex").match(/.{4}/g) ?? []).join(":");
}

function answers(guest: Guest): number {
  return new Set(guest.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.flags === (TCP.syn | TCP.ack)).map((seen) => seen.port)).size;
}

describe("a guest that floods", () => {
  it("with connections has at most 64 at once, and its neighbour connects as before", async () => {
    const [loud, quiet] = [await launch(2), await launch(3)];
    for (let i = 0; i < 2_000; i++) loud.send(tcp(loud.ends(), 10_000 + i, 80));
    await refused(loud.pair, "flood");
    const before = Date.now();
    await quiet.connects();
    expect(Date.now() - before).toBeLessThan(1_000);
    expect(answers(loud)).toBeGreaterThan(0);
    expect(answers(loud)).toBeLessThanOrEqual(65);
    // Those of the neighbours are counted for themselves.
    expect(answers(quiet)).toBe(1);
  });

  it("with connections that it ends at once has no more new ones than the limit says", async () => {
    const loud = await launch(4);
    const first = Date.now();
    for (let i = 0; i < 1_500; i++) {
      loud.send(tcp(loud.ends(), 10_000 + i, 80));
      loud.send(tcp(loud.ends(), 10_000 + i, 80, TCP.rst));
    }
    await refused(loud.pair, "flood");
    await loud.resolves();
    expect(answers(loud)).toBeLessThanOrEqual(200 + ((Date.now() - first) / 1_000 + 1) * 100);
  });

  it.each([["IPv4", HOST], ["IPv6", HOST6]])("with connections that it ends in order leaves none of them in the host's table for more than some seconds: %s", async (family, host) => {
    const loud = await launch(family === "IPv4" ? 31 : 32);
    const traces = [`src=${loud.pair.ip} `, `src=${longForm(loud.pair.ip6)} `];
    const tracked = async (): Promise<number> => (await readFile("/proc/net/nf_conntrack", "utf8")).split("\n").filter((line) => traces.some((trace) => line.includes(trace))).length;
    for (let i = 0; i < 100; i++) await loud.opensAndCloses(host);
    expect(await tracked()).toBeGreaterThan(0);
    await expect.poll(tracked, { timeout: 15_000 }).toBe(0);
    // One that is open stays.
    await loud.opens(host);
    expect(await tracked()).toBe(1);
  }, 40_000);

  it("with ARP requests is heard as often as the limit says", async () => {
    const loud = await launch(5);
    for (let i = 0; i < 1_000; i++) loud.send(arp({ from: loud.pair.mac, operation: 1, senderMac: loud.pair.mac, senderIp: loud.pair.ip, targetIp: HOST }));
    await refused(loud.pair, "flood");
    expect(loud.seen.filter((seen) => seen.kind === "arp" && seen.flags === 2).length).toBeLessThan(120);
  });

  it("with neighbour solicitations is heard as often as the limit says", async () => {
    const loud = await launch(6);
    for (let i = 0; i < 1_000; i++) loud.send(neighbour({ ...loud.ends("fd00:ec2::254") }, 135, "fd00:ec2::254"));
    await refused(loud.pair, "flood");
    expect(loud.seen.filter((seen) => seen.protocol === PROTOCOL.icmp6 && seen.flags === 136).length).toBeLessThan(250);
  });

  it("with lies is told of once, and leaves nothing in the log but its name", async () => {
    const loud = await launch(7);
    for (let i = 0; i < 3_000; i++) loud.send(tcp({ mac: loud.pair.mac, from: `10.${String(i % 250)}.1.1`, to: HOST }, 1_000, 80));
    await refused(loud.pair, "source");
    await loud.connects();
    expect(helper.log.items.filter((fact) => fact["what"] === "refused" && fact["guest"] === loud.pair.key)).toHaveLength(1);
  });

  it("that ended with all its connections open has them again when it starts again", async () => {
    const loud = await launch(9);
    const ports = (): Promise<string> => output("sh", "-c", "cat /proc/net/nf_conntrack | grep -c 'src=169.254.0.9 ' || true");
    for (let i = 0; i < 100; i++) loud.send(tcp(loud.ends(), 10_000 + i, 80));
    await refused(loud.pair, "flood");
    expect(Number(await ports())).toBeGreaterThan(60);
    await loud.stop();
    await helper.waitForLog((fact) => fact["what"] === "down" && fact["guest"] === loud.pair.key);
    expect(Number(await ports())).toBe(0);
    const again = await Guest.launch(helper, loud.pair);
    started.push(again);
    await again.resolves();
    await again.connects();
  });

  it("fills no table of connections with what is refused", async () => {
    const loud = await launch(8);
    for (let i = 0; i < 3_000; i++) loud.send(tcp({ mac: loud.pair.mac, from: `10.${String(i % 250)}.1.1`, to: HOST }, 1_000 + i, 80));
    for (let i = 0; i < 3_000; i++) loud.send(tcp(loud.ends(), 2_000 + i, 4_444));
    await loud.connects();
    const connections = await readFile("/proc/net/nf_conntrack", "utf8").catch(() => output("sh", "-c", "cat /proc/sys/net/netfilter/nf_conntrack_count"));
    expect(connections).not.toMatch(/src=10\.\d+\.1\.1 /);
    expect(connections).not.toMatch(/dport=4444/);
  });
});

describe("a hook", () => {
  async function hook(folder: "ifup.d" | "ifdown.d", name: string, text: string, mode = 0o755): Promise<void> {
    const path = join(helper.hooks, folder, name);
    await writeFile(path, text);
    await chmod(path, mode);
  }

  it("is run with what it needs and nothing else, when an interface comes and when it goes", async () => {
    for (const folder of ["ifup.d", "ifdown.d"] as const) await hook(folder, "tell", "#!/bin/sh\nenv | grep -vE '^(PWD|_|SHLVL)=' | sort\n");
    const guest = await launch(20);
    const says = (): readonly (string | undefined)[] => helper.log.items.filter((fact) => fact["what"] === "hook").map((fact) => fact["says"]);
    const { key, mac, ip, ip6 } = guest.pair;
    const name = (await helper.waitForLog((fact) => fact["what"] === "up" && fact["guest"] === key))["interface"] ?? "";
    const environment = [`GUEST=${key}`, `INTERFACE=${name}`, `IP6=${ip6}`, `IP=${ip}`, "KIND=channel", `MAC=${mac}`, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"].sort();
    expect([...says()].sort()).toEqual(environment);
    await guest.stop();
    await expect.poll(() => [...says()].sort()).toEqual([...environment, ...environment].sort());
  });

  it("opens a service to its interface until that goes, also when the rules are loaded again", async () => {
    await hook("ifup.d", "open", await readFile(join(import.meta.dirname, "hooks", "open-dns"), "utf8"));
    const guest = await launch(21);
    await helper.listen(53);
    await guest.connects(53);
    const from = agent.lines.items.length;
    await output("nft", "flush", "ruleset");
    await agent.lines.waitFor((line) => line === "0 restarted what=rules", from);
    await guest.connects(53);
    await guest.stop();
    await helper.waitForLog((fact) => fact["what"] === "down" && fact["guest"] === guest.pair.key);
    await expect.poll(() => output("nft", "list", "set", "inet", "slipway", "opened")).not.toContain("elements");
  });

  it("isn't run when others can write it, and keeps nobody waiting for more than ten seconds", async () => {
    await hook("ifup.d", "writable", "#!/bin/sh\necho it ran\n", 0o777);
    await hook("ifup.d", "slow", "#!/bin/sh\nsleep 60\n");
    await helper.approve(agent, pairOf(22));
    started.push(await Guest.launch(helper, pairOf(22)));
    await helper.waitForLog((fact) => fact["guest"] === pairOf(22).key && fact["what"] === "up");
    // Meanwhile others are answered.
    expect(await agent.ask("remove guest=nobody")).toBe("ok");
    await expect.poll(() => helper.log.items.some((fact) => fact["hook"] === "slow" && fact["says"] === "ended after 10 seconds"), { timeout: 15_000 }).toBe(true);
    await expect.poll(() => helper.log.items.some((fact) => fact["hook"] === "writable" && /^not run/.test(fact["says"] ?? ""))).toBe(true);
    expect(helper.log.items.some((fact) => fact["says"] === "it ran")).toBe(false);
  }, 40_000);
});
