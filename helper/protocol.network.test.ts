/** What the helper answers, and to whom (PROTOCOL.md). */
import { chmod, chown, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { pairOf } from "./testing/pairs.ts";
import { TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const ONE = pairOf(2);
const CHANNEL = `channel guest=${ONE.key} mac=${ONE.mac} ip=${ONE.ip} ip6=${ONE.ip6}`;

let helper: TestHelper;
let agent: Connection;

beforeAll(async () => {
  helper = await TestHelper.start(["bridges=br0", "routed_networks=203.0.113.0/24,fd13::/64"]);
  agent = await helper.connect();
}, 60_000);

afterAll(async () => {
  await helper.stop();
});

describe("the helper", () => {
  it("tells what the administrator allowed", async () => {
    expect(await agent.ask("hello version=1")).toBe("ok version=1 routed=yes channel=169.254.0.0/16 scripts=no limits=none");
    // Bridges are named while they are there.
    await run("ip", ["link", "add", "br0", "type", "bridge"]);
    expect(await agent.ask("hello version=1")).toBe("ok version=1 bridges=br0 routed=yes channel=169.254.0.0/16 scripts=no limits=none");
    await run("ip", ["link", "del", "br0"]);
  });

  it("answers nobody but the agent's user, not even root", async () => {
    // The socket's group keeps others out already; here they are let in.
    await chmod(helper.socket, 0o666);
    for (const user of [{ uid: 0, gid: 0 }, { uid: 65_534, gid: 65_534 }, { uid: 65_534, gid: 1 }]) {
      const other = helper.connectAs(user);
      other.write("1 hello version=1\n");
      await other.closed();
      expect(other.lines.items).toEqual([]);
    }
    await chmod(helper.socket, 0o660);
    expect(helper.log.items.filter((fact) => fact["why"] === "not the agent's user")).toHaveLength(2);
  });

  it("is at a socket that others can't open", async () => {
    const status = await stat(helper.socket);
    expect([status.mode & 0o777, status.uid, status.gid]).toEqual([0o660, 0, 1]);
  });

  it("wants to be greeted first", async () => {
    const rude = helper.connectAs({ uid: 1, gid: 1 });
    expect(await rude.ask("list")).toBe("error invalid hello comes first");
    expect(await rude.ask("hello version=2")).toMatch(/^error invalid version/);
    await rude.end();
  });

  it.each([
    ["1 list  ", "a space too many"],
    ["1", "no verb"],
    ["x list", "no number"],
    ["01 list", "another form of a number"],
    ["1 LIST", "capitals"],
    ["1 remove guest", "no value"],
    ["1 remove guest=", "an empty value"],
    ["1 remove guest=a guest=b", "a key twice"],
    ["1 remove guest=a;reboot", "a character that no value has"],
    ["1 remove guest=../../etc", "a path"],
    ["1 remove guest=a extra=1", "a key that nobody knows"],
    ["1 reboot now=1", "a verb that nobody knows"],
    ["1 remove guest=\u0000a", "a NUL"],
    [`1 remove guest=${"a".repeat(65)}`, "a name that is too long"],
  ])("refuses %j: %s", async (line) => {
    const peer = await helper.connect();
    const from = peer.lines.items.length;
    peer.write(`${line}\n`);
    const answer = await peer.lines.waitFor(() => true, from);
    expect(answer).toMatch(/^\d+ error invalid /);
    expect(await peer.ask("list")).toBe("ok");
    await peer.end();
  });

  it("ends a connection with a line that is too long, and takes one that just fits", async () => {
    const peer = await helper.connect();
    expect(await peer.ask(`list ${"a".repeat(1_016)}`)).toMatch(/^error invalid/);
    peer.write("a".repeat(1_025));
    await peer.closed();
    expect(peer.lines.items.at(-1)).toBe("0 error invalid a line is longer than 1024 bytes");
  });

  it("answers each of many requests in one piece, and one in many pieces", async () => {
    const peer = await helper.connect();
    peer.write(Array.from({ length: 2_000 }, (_, i) => `${String(i + 100)} list\n`).join(""));
    await peer.lines.waitFor((line) => line === "2099 ok");
    for (const piece of "3000 list\n") peer.write(piece);
    await peer.lines.waitFor((line) => line === "3000 ok");
    await peer.end();
  });

  it("goes on for the agent while others keep connections open and say nothing", async () => {
    const silent = Array.from({ length: 70 }, () => helper.connectAs({ uid: 1, gid: 1 }));
    // Those past the cap are ended at once.
    await Promise.any(silent.map((peer) => peer.closed()));
    expect(await agent.ask("list")).toBe("ok");
    await Promise.all(silent.map((peer) => peer.end()));
  });
});

describe("a channel", () => {
  it.each([
    ["mac=zz:5c:a9:fe:00:02", "mac"],
    ["mac=03:5c:a9:fe:00:02", "mac"],
    ["mac=00:00:00:00:00:00", "mac"],
    ["ip=169.254.169.254", "ip"],
    ["ip=127.0.0.1", "ip"],
    ["ip=169.254.0.256", "ip"],
    ["ip=169.254.0.02", "ip"],
    ["ip6=fd00:ec2::254", "ip6"],
    ["ip6=fd00:ec3::2", "ip6"],
    ["ip6=fe80::1", "ip6"],
    ["port=80", "port"],
    ["port=65536", "port"],
    ["port6=22", "port6"],
    ["guest=Capital", "guest"],
  ])("is refused with %s, by the name of the key", async (change, key) => {
    const right = `${CHANNEL} port=2000 port6=2001`;
    const request = right.replace(new RegExp(`\\b${key}=\\S+`), change);
    expect(request).not.toBe(right);
    expect(await agent.ask(request)).toMatch(new RegExp(`^error invalid ${key}:`));
    expect(await readdir(join(helper.runFolder, "guests"))).toEqual([]);
  });

  it("is not allowed outside the administrator's networks, nor at their ends", async () => {
    for (const ip of ["10.0.0.5", "169.254.0.0", "169.254.255.255"])
      expect(await agent.ask(`${CHANNEL.replace(ONE.ip, ip)} port=2000 port6=2001`)).toMatch(/^error not_allowed ip:/);
  });

  it("is answered the same way twice, and changes its ports alone with other ports", async () => {
    expect(await agent.ask(`${CHANNEL} port=2000 port6=2001`)).toBe("ok name=gnt.com.0 fd=10");
    const before = await output("nft", "list", "table", "inet", "slipway");
    expect(await agent.ask(`${CHANNEL} port=2000 port6=2001`)).toBe("ok name=gnt.com.0 fd=10");
    expect(await output("nft", "list", "table", "inet", "slipway")).toBe(before);
    expect(await agent.ask(`${CHANNEL} port=2002 port6=2001`)).toBe("ok name=gnt.com.0 fd=10");
    expect(await output("nft", "list", "table", "inet", "slipway")).toBe(before.replace(". 2000", ". 2002"));
  });

  it("takes no address, MAC or IPv6 address of another guest", async () => {
    const other = pairOf(9);
    const ask = (mac: string, ip: string, ip6: string): Promise<string> => agent.ask(`channel guest=other mac=${mac} ip=${ip} ip6=${ip6} port=2000 port6=2001`);
    expect(await ask(ONE.mac, other.ip, other.ip6)).toMatch(/^error taken mac:/);
    expect(await ask(other.mac, ONE.ip, other.ip6)).toMatch(/^error taken ip:/);
    expect(await ask(other.mac, other.ip, ONE.ip6)).toMatch(/^error taken ip6:/);
    // The same address in another form is the same.
    expect(await ask(other.mac, other.ip, "FD00:0EC2:0:0:0:0:A9FE:0002")).toMatch(/^error taken ip6:/);
    expect(await agent.ask("remove guest=other")).toBe("ok");
  });

  it("keeps its name when its pair changes, and the old pair is nobody's", async () => {
    const other = pairOf(9);
    expect(await agent.ask(`channel guest=${ONE.key} mac=${other.mac} ip=${other.ip} ip6=${other.ip6} port=2000 port6=2001`)).toBe("ok name=gnt.com.0 fd=10");
    expect(await output("nft", "list", "ruleset")).not.toContain(ONE.mac);
    expect(await readFile(join(helper.runFolder, "dnsmasq", "hosts", "gnt.com.0"), "utf8")).toContain(other.ip);
    expect(await agent.ask(`${CHANNEL} port=2000 port6=2001`)).toBe("ok name=gnt.com.0 fd=10");
  });

  it("has its port 80 lead nowhere once the agent's connection has ended", async () => {
    const short = await helper.connect();
    const pair = pairOf(7);
    await short.ask(`channel guest=${pair.key} mac=${pair.mac} ip=${pair.ip} ip6=${pair.ip6} port=3000 port6=3001`);
    expect(await output("nft", "list", "map", "inet", "slipway", "ports4")).toContain(". 3000");
    await short.end();
    await expect.poll(() => output("nft", "list", "table", "inet", "slipway")).not.toMatch(/\. 300[01]/);
    expect(await output("nft", "list", "map", "inet", "slipway", "ports4")).toContain(". 2000");
    await agent.ask(`remove guest=${pair.key}`);
  });

  it("can be had by 400 guests, each with the lowest free number", async () => {
    const pairs = Array.from({ length: 400 }, (_, i) => pairOf(256 + i));
    const answers = await Promise.all(pairs.map((pair) => agent.ask(`channel guest=${pair.key} mac=${pair.mac} ip=${pair.ip} ip6=${pair.ip6} port=2000 port6=2001`)));
    expect(answers).toEqual(pairs.map((_, i) => `ok name=gnt.com.${String(i + 1)} fd=10`));
    await agent.ask(`remove guest=${pairs[99]?.key ?? ""}`);
    const again = pairs[99] ?? ONE;
    expect(await agent.ask(`channel guest=again mac=${again.mac} ip=${again.ip} ip6=${again.ip6} port=2000 port6=2001`)).toBe("ok name=gnt.com.100 fd=10");
    const from = agent.lines.items.length;
    await agent.ask("list");
    expect(agent.lines.items.slice(from).filter((line) => line.includes(" item "))).toHaveLength(401);
    await Promise.all([...pairs.map((pair) => pair.key), "again"].map((key) => agent.ask(`remove guest=${key}`)));
    expect(await readdir(join(helper.runFolder, "dnsmasq", "hosts"))).toEqual(["gnt.com.0"]);
    expect(await readdir(join(helper.runFolder, "guests"))).toEqual([ONE.key]);
  });
});

describe("what the file allows", () => {
  const NIC = `nic guest=${ONE.key} index=0 mac=02:00:00:00:00:11`;

  it.each([
    [`${NIC} mode=bridged link=br1`, "not_allowed link"],
    [`${NIC} mode=bridged`, "invalid link"],
    [`${NIC} mode=bridged link=br0 gateway=10.0.0.1`, "invalid gateway"],
    [`${NIC} mode=macvtap link=br0`, "invalid mode"],
    [`${NIC} mode=routed`, "invalid ip"],
    [`${NIC} mode=routed ip=169.254.7.7`, "invalid ip"],
    [`${NIC} mode=routed ip=203.0.113.5 gateway=169.254.169.254`, "invalid gateway"],
    [`${NIC} mode=routed ip=203.0.113.5 link=255`, "invalid link"],
    [`${NIC} mode=routed ip=203.0.113.5 link=main`, "invalid link"],
    [`nic guest=${ONE.key} index=16 mac=02:00:00:00:00:11 mode=routed ip=203.0.113.5`, "invalid index"],
    [`${NIC} mode=routed ip=127.0.0.2`, "invalid ip"],
    [`${NIC} mode=routed ip=192.0.2.1`, "not_allowed ip"],
    [`${NIC} mode=routed ip=203.0.114.0 link=77`, "not_allowed ip"],
    [`${NIC} mode=routed ip=203.0.113.5 ip6=fd13:0:0:1::5`, "not_allowed ip6"],
    [`${NIC} mode=routed ip=203.0.113.5 gateway=192.0.2.1`, "not_allowed gateway"],
    [`${NIC} mode=routed ip=203.0.113.5 ip6=fd13::5 gateway6=2001:db8::1`, "not_allowed gateway"],
    [`${NIC} mode=routed ip=203.0.113.5 ip6net=fd13::/64`, "invalid ip6net"],
    [`${NIC} mode=bridged link=br0 ip6net=fd12::/64`, "invalid ip6net"],
    [`${NIC} mode=bridged link=br0 ip=10.0.0.6 ip6net=fd12::1/64`, "invalid ip6net"],
    [`${NIC} mode=bridged link=br0 ip=10.0.0.6 ip6net=192.0.2.0/24`, "invalid ip6net"],
    [`${NIC} mode=bridged link=br0 ip=10.0.0.6 gateway6=fd12::1`, "invalid gateway"],
    [`nic guest=${ONE.key} index=0 mac=${ONE.mac} mode=routed ip=203.0.113.5`, "taken mac"],
  ])("%s: %s", async (request, error) => {
    expect(await agent.ask(request)).toMatch(new RegExp(`^error ${error}:`));
  });

  it("has no routed interfaces unless it names networks", async () => {
    await helper.stopDaemon();
    await helper.configure(["bridges=br0"]);
    await helper.startDaemon();
    const other = await helper.connect();
    expect(await other.ask("hello version=1")).toBe("ok version=1 routed=no channel=169.254.0.0/16 scripts=no limits=none");
    expect(await other.ask(`${NIC} mode=routed ip=203.0.113.5`)).toBe("error not_allowed mode: this host routes for no guests");
    await helper.stopDaemon();
    await helper.configure(["bridges=br0", "routed_networks=203.0.113.5/32"]);
    await helper.startDaemon();
    agent = await helper.connect();
    expect(await agent.ask(`${NIC} mode=routed ip=203.0.113.4`)).toMatch(/^error not_allowed ip:/);
    expect(await agent.ask(`${NIC} mode=routed ip=203.0.113.5`)).toMatch(/^ok /);
    // The main table by its number is the same one.
    expect(await agent.ask("nic guest=other index=0 mac=02:00:00:00:00:12 mode=routed ip=203.0.113.5 link=254")).toMatch(/^error taken ip:/);
    expect(await agent.ask(`remove guest=${ONE.key}`)).toBe("ok");
  });

  it("doesn't route the host's own address away", async () => {
    await run("ip", ["addr", "add", "203.0.113.5/32", "dev", "lo"]);
    expect(await agent.ask(`${NIC} mode=routed ip=203.0.113.5`)).toMatch(/^error taken ip:/);
  });
});

describe("the administrator's file", () => {
  async function start(change: (path: string) => Promise<void>): Promise<string> {
    const other = await TestHelper.prepare();
    try {
      await other.configure([]);
      await change(join(other.folder, "helper.conf"));
      const child = other.spawnDaemon();
      let errors = "";
      child.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
      const [status] = (await once(child, "exit")) as [number]; // It ends by itself.
      expect(status).toBe(2);
      return errors;
    } finally {
      await other.stop();
    }
  }

  it.each([
    ["bridges=br0,../br1", "bridges: not a name of a bridge"],
    ["routed_networks=yes", "routed_networks: not a network"],
    ["routed_networks=192.0.2.1/24", "routed_networks: not a network"],
    ["routed_networks=0.0.0.0/0", "routed_networks: not a network"],
    ["routed_networks=2000::/3", "routed_networks: not a network"],
    ["routed_networks=2001:db8::/64,2001:db8::/129", "routed_networks: not a network"],
    ["routed=yes", "routed: unknown key"],
    ["channel_networks=169.254.1.0/16", "channel_networks: not an IPv4 network"],
    ["open_services=80", "open_services: not a service"],
    ["agent_usr=daemon", "agent_usr: unknown key"],
    ["bridges=\nbridges=", "bridges: stands twice"],
    ["bridges", "bridges: a key without a value"],
  ])("is refused with %j", async (line, why) => {
    expect(await start((path) => writeFile(path, `agent_user=daemon\n${line}\n`))).toContain(why);
  });

  it("is refused without a user, with one that isn't there, and when others can write it", async () => {
    expect(await start((path) => writeFile(path, "bridges=br0\n"))).toContain("agent_user: must be set");
    expect(await start((path) => writeFile(path, "agent_user=nobody-at-all\n"))).toContain("agent_user: no such user");
    expect(await start((path) => chmod(path, 0o666))).toContain("nobody else can write");
    expect(await start((path) => chown(path, 1, 1))).toContain("belongs to root");
  }, 60_000);
});
