/** What holds when something of the helper dies, when the host's rules are loaded again, and when a guest goes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import type { Pair } from "./testing/pairs.ts";
import { pairOf } from "./testing/pairs.ts";
import { HOST, PROTOCOL, dhcp, tcp } from "./testing/packets.ts";
import { TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const ONE = pairOf(2);
const TWO = pairOf(3);

let helper: TestHelper;
let agent: Connection;
let one: Guest;

beforeAll(async () => {
  helper = await TestHelper.start(["bridges=br0", "routed_networks=203.0.113.0/24,fd13::/64"]);
  agent = await helper.connect();
  await run("ip", ["link", "add", "br0", "type", "bridge"]);
  await run("ip", ["link", "set", "br0", "up"]);
  await helper.approve(agent, ONE);
  one = await Guest.launch(helper, ONE);
}, 60_000);

afterAll(async () => {
  await one.stop();
  await helper.stop();
  await run("ip", ["link", "del", "br0"]);
});

function kill(pid: number): void {
  process.kill(pid, "SIGKILL");
}

async function getsItsLease(guest: Guest): Promise<void> {
  const id = Math.floor(Math.random() * 0x7fffffff);
  const answered = guest.seen.length;
  const again = setInterval(() => guest.send(dhcp({ mac: guest.pair.mac, client: guest.pair.mac, type: 1, id })), 200);
  try {
    await guest.expect((seen) => guest.seen.indexOf(seen) >= answered && seen.protocol === PROTOCOL.udp && seen.port === 68 && seen.bytes.subarray(58, 62).join(".") === guest.pair.ip);
  } finally {
    clearInterval(again);
  }
}

let lastPort = 30_000;

/** The host gives no answer to a lie, and one to the truth after it. */
async function isHeld(guest: Guest, other: Pair): Promise<void> {
  const port = lastPort++;
  guest.send(tcp({ mac: guest.pair.mac, from: other.ip, to: HOST }, port, 80));
  guest.send(tcp({ mac: other.mac, from: other.ip, to: HOST }, port, 80));
  await guest.connects();
  expect(guest.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port)).toEqual([]);
}

async function aNewWorker(old: number): Promise<void> {
  await expect.poll(async () => (await helper.processes()).helpers.filter((pid) => pid !== helper.monitor && pid !== old).length, { timeout: 5_000 }).toBe(1);
  // It greets before it has done its work only in its queue.
  agent = await helper.connect();
}

describe("kill -9 of", () => {
  it("dnsmasq: there is exactly one again, it knows its guests, and the agent is told", async () => {
    const [old = 0] = (await helper.processes()).dnsmasqs;
    kill(old);
    await agent.event("restarted what=dnsmasq");
    await getsItsLease(one);
    const { dnsmasqs } = await helper.processes();
    expect(dnsmasqs).toHaveLength(1);
    expect(dnsmasqs).not.toContain(old);
  });

  it("the worker: guests stay connected and held, and the agent finds them", async () => {
    const old = await helper.worker();
    kill(old);
    await aNewWorker(old);
    const from = agent.lines.items.length;
    await agent.ask("list");
    expect(agent.lines.items.slice(from).some((line) => line.endsWith(`item guest=${ONE.key} kind=channel name=gnt.com.0 up=yes`))).toBe(true);
    // Until the agent says where, port 80 leads nowhere.
    expect(await output("nft", "list", "map", "inet", "slipway", "ports4")).not.toContain("elements");
    await helper.approve(agent, ONE);
    await isHeld(one, TWO);
    await getsItsLease(one);
    expect((await helper.processes()).dnsmasqs).toHaveLength(1);
  });

  it("the worker, while the kernel is changed behind its back: all is repaired", async () => {
    const old = await helper.worker();
    await run("ip", ["addr", "del", "169.254.169.254/32", "dev", "gnt.com.0"]);
    await run("ip", ["route", "flush", "dev", "gnt.com.0"]);
    await run("sysctl", ["-qw", "net.ipv6.conf.gnt/com/0.accept_ra=2"]);
    await run("ip", ["tuntap", "add", "gnt.com.77", "mode", "tap"]);
    await run("nft", ["add", "element", "inet", "slipway", "pairs4", `{ "gnt.com.0" . ${TWO.mac} . ${TWO.ip} }`]);
    kill(old);
    await aNewWorker(old);
    await helper.approve(agent, ONE);
    await isHeld(one, TWO);
    expect(await readFile("/proc/sys/net/ipv6/conf/gnt.com.0/accept_ra", "utf8")).toBe("0\n");
    expect(await output("ip", "link")).not.toContain("gnt.com.77");
    expect(await output("nft", "list", "ruleset")).not.toContain(TWO.mac);
  });

  it("the guest's QEMU: its interface goes, its approval stays", async () => {
    await one.stop();
    await helper.waitForLog((fact) => fact["what"] === "down" && fact["guest"] === ONE.key);
    expect(await output("ip", "link")).not.toContain("gnt.com.0");
    expect(await output("ip", "route", "show", "table", "all")).not.toContain(ONE.ip);
    const up = helper.log.items.length;
    one = await Guest.launch(helper, ONE);
    await helper.waitForLog((fact) => fact["what"] === "up", up);
    await one.connects();
    await isHeld(one, TWO);
  });
});

describe("the host's rules, loaded again", () => {
  it("keep every guest held: nothing passes, and then everything is there again", async () => {
    // The worker sleeps, so that what comes in between is seen.
    const worker = await helper.worker();
    process.kill(worker, "SIGSTOP");
    await run("nft", ["flush", "ruleset"]);
    expect(await output("nft", "list", "tables")).toBe("table inet slipway_guard\ntable arp slipway_guard\ntable bridge slipway_guard\n");
    const port = lastPort++;
    one.send(tcp(one.ends(), port, 80));
    one.send(tcp({ mac: TWO.mac, from: TWO.ip, to: HOST }, port, 80));
    one.send(tcp(one.ends("169.254.0.9"), port, 80));
    process.kill(worker, "SIGCONT");
    await agent.event("restarted what=rules");
    await isHeld(one, TWO);
    expect(one.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port)).toEqual([]);
    await getsItsLease(one);
  });

  it("are put there again as often as they go, one rule or all", async () => {
    for (let i = 0; i < 5; i++) {
      const from = agent.lines.items.length;
      await run("nft", i % 2 === 0 ? ["delete", "table", "inet", "slipway"] : ["flush", "chain", "inet", "slipway", "early"]);
      await agent.lines.waitFor((line) => line === "0 restarted what=rules", from);
      await isHeld(one, TWO);
    }
  });

  it("leave what others have there alone", async () => {
    await run("nft", ["add", "table", "inet", "theirs"]);
    await run("nft", ["flush", "table", "inet", "slipway"]);
    await expect.poll(() => output("nft", "list", "tables")).toContain("inet theirs");
  });

  it("can't take the guard away", async () => {
    await expect(run("nft", ["delete", "table", "inet", "slipway_guard"])).rejects.toThrow(/not permitted/);
  });
});

describe("a guest that is removed", () => {
  it("leaves nothing: no link, route, rule, element, lease or file", async () => {
    const left = async (): Promise<string> =>
      [await output("ip", "-o", "link"), await output("ip", "route", "show", "table", "all"), await output("ip", "-6", "route", "show", "table", "all"), await output("ip", "rule"), await output("ip", "-6", "rule"), await output("ip", "neigh", "show", "proxy"), await output("sh", "-c", "nft list ruleset | sed 's/expires.*//'")].join("\n");
    const pair = pairOf(40);
    await helper.approve(agent, pair);
    await agent.ask(`nic guest=${pair.key} index=0 mode=bridged link=br0 mac=02:00:00:00:00:40 ip=10.0.0.40 ip6=fd12::40`);
    await agent.ask(`nic guest=${pair.key} index=1 mode=routed mac=02:00:00:00:00:41 ip=203.0.113.40 ip6=fd13::40 gateway=203.0.113.1 gateway6=fd13::1 link=77`);
    const guest = await Guest.launch(helper, pair, 3);
    await helper.waitForLog((fact) => fact["what"] === "up" && fact["interface"] === "gnt.com.1");
    const there = await left();
    for (const trace of [pair.mac, pair.ip, pair.ip6, "02:00:00:00:00:40", "203.0.113.40", "fd13::40", "10.0.0.40", "lookup 77", "gnt.nic.1"]) expect(there).toContain(trace);
    expect(await agent.ask(`remove guest=${pair.key}`)).toBe("ok");
    const after = await left();
    for (const trace of [pair.mac, pair.ip, pair.ip6, "02:00:00:00:00:4", "203.0.113.40", "fd13::", "10.0.0.40", "lookup 77", "gnt.nic.0", "gnt.nic.1", "gnt.com.1"]) expect(after).not.toContain(trace);
    expect(await readdir(join(helper.runFolder, "guests"))).toEqual([ONE.key]);
    expect(await readdir(join(helper.runFolder, "dnsmasq", "hosts"))).toEqual(["gnt.com.0"]);
    expect(await agent.ask(`remove guest=${pair.key}`)).toBe("ok");
    await guest.stop();
  });
});

describe("the daemon", () => {
  it("doesn't run twice", async () => {
    const second = helper.spawnDaemon();
    let errors = "";
    second.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
    await once(second, "exit");
    expect(errors).toContain("another helper");
    await access(helper.socket);
    expect(await agent.ask("list")).toBe("ok");
  });

  it("without its monitor goes on, guard and all, until the next one takes over: guests stay connected and held", async () => {
    const worker = await helper.worker();
    const connection = await one.opens();
    await one.goesOn(connection, 1);
    kill(helper.monitor);
    await expect.poll(async () => (await helper.processes()).helpers).toEqual([worker]);
    const from = agent.lines.items.length;
    await run("nft", ["flush", "ruleset"]);
    await agent.lines.waitFor((line) => line === "0 restarted what=rules", from);
    await isHeld(one, TWO);
    await one.goesOn(connection, 2);
    const dnsmasqs = (await helper.processes()).dnsmasqs;
    await helper.startDaemon();
    // dnsmasq is its worker for a moment, until it runs its own program.
    await expect.poll(async () => (await helper.processes()).dnsmasqs, { timeout: 5_000 }).toHaveLength(1);
    const after = await helper.processes();
    expect(after.dnsmasqs).toHaveLength(1);
    expect(after.dnsmasqs).not.toEqual(dnsmasqs);
    expect(after.helpers).toHaveLength(2);
    expect(after.helpers).toContain(helper.monitor);
    expect(after.helpers).not.toContain(worker);
    await one.goesOn(connection, 3);
    agent = await helper.connect();
    await helper.approve(agent, ONE);
    await isHeld(one, TWO);
    await getsItsLease(one);
    expect(await output("nft", "list", "tables")).toContain("inet slipway_guard");
  });

  it("takes over from a worker that hangs too", async () => {
    const worker = await helper.worker();
    process.kill(worker, "SIGSTOP");
    kill(helper.monitor);
    await expect.poll(async () => (await helper.processes()).helpers).toEqual([worker]);
    await helper.startDaemon();
    expect((await helper.processes()).helpers).not.toContain(worker);
    agent = await helper.connect();
    await helper.approve(agent, ONE);
    await isHeld(one, TWO);
  });

  it("told to end while it takes over from a worker leaves none behind", async () => {
    const worker = await helper.worker();
    process.kill(worker, "SIGSTOP");
    kill(helper.monitor);
    await expect.poll(async () => (await helper.processes()).helpers).toEqual([worker]);
    const second = helper.spawnDaemon();
    const ended = once(second, "exit");
    let said = "";
    second.stdout?.on("data", (data: Buffer) => (said += data.toString()));
    // From here on it waits for the worker, which doesn't hear.
    await expect.poll(() => said).toContain('"ending"');
    second.kill("SIGTERM");
    await ended;
    expect((await helper.processes()).helpers).toEqual([]);
    await helper.startDaemon();
    agent = await helper.connect();
    await helper.approve(agent, ONE);
    await isHeld(one, TWO);
  });

  it("ends nobody who only has the number of the worker that the lock's file names", async () => {
    const bystander = spawn("sleep", ["60"]);
    const lock = join(helper.runFolder, "helper.lock");
    const worker = await helper.worker();
    const record = await readFile(lock, "utf8");
    expect(record).toContain(`worker ${String(worker).padStart(10, "0")} `);
    kill(helper.monitor);
    await expect.poll(async () => (await helper.processes()).helpers).toEqual([worker]);
    await writeFile(lock, record.replace(`worker ${String(worker).padStart(10, "0")} `, `worker ${String(bystander.pid).padStart(10, "0")} `));
    const second = helper.spawnDaemon();
    let errors = "";
    second.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
    await once(second, "exit");
    expect(errors).toContain("another helper");
    expect(bystander.signalCode).toBe(null);
    expect((await helper.processes()).helpers).toEqual([worker]);
    bystander.kill("SIGKILL");
    await writeFile(lock, record);
    await helper.startDaemon();
    agent = await helper.connect();
    await helper.approve(agent, ONE);
  });

  it("told to end leaves its guests connected and held", async () => {
    await helper.stopDaemon();
    // The kernel kills dnsmasq when the worker has ended, and waits for nobody with it.
    await expect.poll(() => helper.processes()).toEqual({ helpers: [], dnsmasqs: [] });
    expect(await output("ip", "link")).toContain("gnt.com.0");
    expect(await output("nft", "list", "tables")).toContain("inet slipway");
  });
});
