/** Ordinary network interfaces: held to their addresses on a bridge, or routed by the host. */
import { spawn } from "node:child_process";
import { once } from "node:events";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import { pairOf } from "./testing/pairs.ts";
import { BROADCAST, HOST, PROTOCOL, TCP, arp, ethernet, neighbour, packet, tcp, udp } from "./testing/packets.ts";
import type { Ends } from "./testing/packets.ts";
import { AGENT_USER, TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const BRIDGED = { ...pairOf(2), mac: "02:00:00:00:00:11", ip: "198.51.100.11", ip6: "fd12::11" };
const OPEN = { ...pairOf(3), mac: "02:00:00:00:00:12", ip: "198.51.100.12", ip6: "fd12::12" };
const ROUTED = { ...pairOf(4), mac: "02:00:00:00:00:13", ip: "203.0.113.13", ip6: "fd13::13" };
const OTHER = "02:00:00:00:00:99";

let helper: TestHelper;
let agent: Connection;
let held: Guest;
let open: Guest;
let routed: Guest;

beforeAll(async () => {
  helper = await TestHelper.start(["bridges=br0", "routed_networks=203.0.113.0/24,fd13::/64"]);
  agent = await helper.connect();
  await run("ip", ["link", "add", "br0", "type", "bridge"]);
  await run("ip", ["link", "set", "br0", "mtu", "1400"]);
  await run("ip", ["addr", "add", "198.51.100.1/24", "dev", "br0"]);
  await run("ip", ["link", "set", "br0", "up"]);
  await run("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
  await agent.ask(`nic guest=${BRIDGED.key} index=0 mode=bridged link=br0 mac=${BRIDGED.mac} ip=${BRIDGED.ip} ip6=${BRIDGED.ip6}`);
  await agent.ask(`nic guest=${OPEN.key} index=0 mode=bridged link=br0 mac=${OPEN.mac}`);
  await agent.ask(`nic guest=${ROUTED.key} index=0 mode=routed mac=${ROUTED.mac} ip=${ROUTED.ip} ip6=${ROUTED.ip6} gateway=203.0.113.1 gateway6=fd13::1`);
  held = await Guest.launch(helper, BRIDGED);
  open = await Guest.launch(helper, OPEN);
  routed = await Guest.launch(helper, ROUTED);
}, 60_000);

afterAll(async () => {
  for (const guest of [held, open, routed]) await guest.stop();
  await helper.stop();
  await run("ip", ["link", "del", "br0"]);
});

function toAll(mac: string, from: string): Ends {
  return { mac, from, to: "198.51.100.255", toMac: BROADCAST };
}

describe("a bridged interface with its addresses", () => {
  /** What is sent here is seen by the neighbour on the bridge, or isn't; the last one always is. */
  async function passes(frames: readonly Buffer[], fence = 9_999): Promise<number> {
    const before = open.seen.length;
    frames.forEach((frame) => held.send(frame));
    held.send(udp(toAll(BRIDGED.mac, BRIDGED.ip), fence, fence, Buffer.from("fence")));
    await open.expect((seen) => open.seen.indexOf(seen) >= before && seen.port === fence);
    // The host speaks there too, of its own accord.
    return open.seen.slice(before).filter((seen) => seen.port !== fence && frames.some((frame) => frame.subarray(6, 12).equals(seen.bytes.subarray(6, 12)) && seen.bytes.equals(frame))).length;
  }

  it("sends from them", async () => {
    expect(await passes([
      udp(toAll(BRIDGED.mac, BRIDGED.ip), 1, 2, Buffer.from("x")),
      arp({ from: BRIDGED.mac, operation: 1, senderMac: BRIDGED.mac, senderIp: BRIDGED.ip, targetIp: "198.51.100.7" }),
      arp({ from: BRIDGED.mac, operation: 1, senderMac: BRIDGED.mac, senderIp: "0.0.0.0", targetIp: BRIDGED.ip }),
      neighbour({ mac: BRIDGED.mac, from: BRIDGED.ip6, to: "ff02::1", toMac: BROADCAST }, 136, BRIDGED.ip6),
    ])).toBe(4);
  });

  it("sends from no others", async () => {
    const v6: Ends = { mac: BRIDGED.mac, from: BRIDGED.ip6, to: "ff02::1", toMac: BROADCAST };
    const advertisement = Buffer.from([134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    const tagged = udp(toAll(BRIDGED.mac, "198.51.100.66"), 1, 2, Buffer.from("x"));
    expect(await passes([
      udp(toAll(OTHER, BRIDGED.ip), 1, 2, Buffer.from("x")),
      udp(toAll(BRIDGED.mac, "198.51.100.66"), 1, 2, Buffer.from("x")),
      arp({ from: BRIDGED.mac, operation: 2, senderMac: BRIDGED.mac, senderIp: "198.51.100.1", targetIp: "198.51.100.12" }),
      arp({ from: BRIDGED.mac, operation: 2, senderMac: OTHER, senderIp: BRIDGED.ip, targetIp: "198.51.100.12" }),
      arp({ from: BRIDGED.mac, operation: 2, senderMac: BRIDGED.mac, senderIp: "198.51.100.1", targetIp: "198.51.100.12", hardware: 6 }),
      neighbour(v6, 136, "fd12::1"),
      udp({ ...v6, from: "fd12::66" }, 1, 2, Buffer.from("x")),
      packet({ ...v6, from: "fe80::1" }, PROTOCOL.icmp6, advertisement, 2),
      udp({ ...toAll(BRIDGED.mac, BRIDGED.ip), to: "255.255.255.255" }, 67, 68, Buffer.from("x")),
      ethernet(BRIDGED.mac, BROADCAST, 0x8100, Buffer.concat([Buffer.from([0, 5]), tagged.subarray(12)])),
      ethernet(BRIDGED.mac, BROADCAST, 0x88cc, Buffer.alloc(46)),
    ])).toBe(0);
    await agent.event(`refused guest=${BRIDGED.key} what=source`);
    await agent.event(`refused guest=${BRIDGED.key} what=arp`);
    await agent.event(`refused guest=${BRIDGED.key} what=dhcp`);
  });

  it("doesn't reach the channel's side of the host", async () => {
    const port = await helper.listen(0);
    const bridge = JSON.parse(await output("ip", "-j", "link", "show", "br0")) as { address: string; mtu: number }[]; // as `ip -j` writes it
    const toMac = bridge[0]?.address ?? "";
    held.send(arp({ from: BRIDGED.mac, operation: 1, senderMac: BRIDGED.mac, senderIp: BRIDGED.ip, targetIp: "198.51.100.1" }));
    held.send(tcp({ mac: BRIDGED.mac, from: BRIDGED.ip, to: HOST, toMac }, 5_000, port));
    held.send(tcp({ mac: BRIDGED.mac, from: BRIDGED.ip, to: "198.51.100.1", toMac }, 5_001, port));
    // A refusal by the host itself: nobody listens there at that address.
    await held.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === 5_001 && (seen.flags & TCP.rst) !== 0);
    expect(held.seen.filter((seen) => seen.protocol === PROTOCOL.tcp && seen.port === 5_000)).toEqual([]);
    expect(bridge[0]?.mtu).toBe(1_400);
  });

  it("stays held while the rules are away", async () => {
    const worker = await helper.worker();
    process.kill(worker, "SIGSTOP");
    await run("nft", ["flush", "ruleset"]);
    const before = open.seen.length;
    held.send(udp(toAll(BRIDGED.mac, "198.51.100.66"), 1, 2, Buffer.from("while away")));
    process.kill(worker, "SIGCONT");
    await agent.event("restarted what=rules");
    await passes([]);
    expect(open.seen.slice(before).filter((seen) => seen.from === "198.51.100.66")).toEqual([]);
  });
});

describe("a bridged interface without addresses", () => {
  it("is held to its hardware address alone", async () => {
    open.send(udp(toAll(OTHER, "198.51.100.77"), 1, 7_000, Buffer.from("x")));
    open.send(udp(toAll(OPEN.mac, "198.51.100.77"), 1, 7_001, Buffer.from("x")));
    await held.expect((seen) => seen.port === 7_001);
    expect(held.seen.filter((seen) => seen.port === 7_000)).toEqual([]);
  });
});

describe("a routed interface", () => {
  it("finds its gateway at the host, and nobody else there", async () => {
    const ask = (target: string): Buffer => arp({ from: ROUTED.mac, operation: 1, senderMac: ROUTED.mac, senderIp: ROUTED.ip, targetIp: target });
    routed.send(ask("203.0.113.2"));
    routed.send(ask("198.51.100.1"));
    routed.send(ask(HOST));
    routed.send(ask("203.0.113.1"));
    await routed.expect((seen) => seen.kind === "arp" && seen.flags === 2 && seen.from === "203.0.113.1");
    expect(routed.seen.filter((seen) => seen.kind === "arp" && seen.flags === 2)).toHaveLength(1);
  });

  it("finds a routed neighbour at the host, and tells no lie about it", async () => {
    const neighbourPair = { ...pairOf(5), mac: "02:00:00:00:00:14", ip: "203.0.113.14" };
    expect(await agent.ask(`nic guest=${neighbourPair.key} index=0 mode=routed mac=${neighbourPair.mac} ip=${neighbourPair.ip} gateway=203.0.113.1`)).toMatch(/^ok /);
    const other = await Guest.launch(helper, neighbourPair);
    const ask = (fields: { readonly senderMac?: string; readonly senderIp?: string }): Buffer =>
      arp({ from: ROUTED.mac, operation: 1, senderMac: ROUTED.mac, senderIp: ROUTED.ip, targetIp: neighbourPair.ip, ...fields });
    const before = routed.seen.length;
    routed.send(ask({ senderIp: "203.0.113.66" }));
    routed.send(ask({ senderMac: OTHER }));
    routed.send(arp({ from: ROUTED.mac, operation: 2, senderMac: ROUTED.mac, senderIp: neighbourPair.ip, targetIp: "203.0.113.1" }));
    await agent.event(`refused guest=${ROUTED.key} what=arp`);
    expect(await output("ip", "neigh", "show", neighbourPair.ip)).not.toContain(ROUTED.mac);
    expect(routed.seen.slice(before).filter((seen) => seen.kind === "arp" && seen.flags === 2)).toEqual([]);
    routed.send(ask({}));
    const answer = await routed.expect((seen) => seen.kind === "arp" && seen.flags === 2 && seen.from === neighbourPair.ip);
    // The host's hardware address on this link, so that all goes through it.
    expect(answer.bytes.subarray(6, 12).toString("hex")).not.toBe(neighbourPair.mac.replaceAll(":", ""));
    // The host has kept answers back for a moment: had it one for a lie, it would be there too.
    await gatewayMac();
    expect(routed.seen.slice(before).filter((seen) => seen.kind === "arp" && seen.flags === 2 && seen.from === neighbourPair.ip)).toHaveLength(1);
    await other.stop();
    expect(await agent.ask(`remove guest=${neighbourPair.key}`)).toBe("ok");
  });

  it("is forwarded for, from its own address only", async () => {
    const seen = await gatewayMac();
    const ends = (from: string): Ends => ({ mac: ROUTED.mac, from, to: BRIDGED.ip, toMac: seen });
    routed.send(udp(ends("203.0.113.66"), 1, 8_000, Buffer.from("x")));
    routed.send(udp(ends(ROUTED.ip), 1, 8_001, Buffer.from("x")));
    await held.expect((frame) => frame.port === 8_001);
    expect(held.seen.filter((frame) => frame.port === 8_000)).toEqual([]);
  });

  it("reaches no guest's channel through the host", async () => {
    const pair = pairOf(9);
    await helper.approve(agent, pair);
    const guest = await Guest.launch(helper, pair);
    const toMac = await gatewayMac();
    routed.send(udp({ mac: ROUTED.mac, from: ROUTED.ip, to: pair.ip, toMac }, 1, 8_002, Buffer.from("x")));
    await guest.resolves();
    await guest.connects();
    expect(guest.seen.filter((frame) => frame.port === 8_002)).toEqual([]);
    await guest.stop();
  });
});

async function gatewayMac(): Promise<string> {
  routed.send(arp({ from: ROUTED.mac, operation: 1, senderMac: ROUTED.mac, senderIp: ROUTED.ip, targetIp: "203.0.113.1" }));
  const answer = await routed.expect((seen) => seen.kind === "arp" && seen.flags === 2 && seen.from === "203.0.113.1");
  return [...answer.bytes.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

describe("QEMU", () => {
  it("takes the descriptors of its interfaces, NICs first and the channel last, in its full sandbox", async () => {
    const pair = pairOf(60);
    await agent.ask(`nic guest=${pair.key} index=0 mode=bridged link=br0 mac=02:00:00:00:00:60`);
    expect(await helper.approve(agent, pair)).toMatch(/fd=11$/);
    const qemu = spawn(helper.program("slipway-launch"), ["--helper", helper.socket, "--guest", pair.key, "--", "qemu-system-x86_64", "-accel", "tcg", "-S", "-nographic", "-nodefaults", "-m", "32", "-qmp", "stdio",
      "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
      "-netdev", "tap,id=n0,fd=10", "-device", "virtio-net-pci,netdev=n0,romfile=,mac=02:00:00:00:00:60", "-netdev", "tap,id=c,fd=11", "-device", `virtio-net-pci,netdev=c,romfile=,mac=${pair.mac}`],
      { uid: AGENT_USER.uid, gid: AGENT_USER.gid, stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(qemu, "exit");
    try {
      await new Promise<void>((resolve) => qemu.stdout.on("data", (data: Buffer) => data.includes("QMP") && resolve()));
      expect(await output("ip", "-o", "link", "show", "master", "br0")).toMatch(/gnt\.nic\.3\b/);
      expect(await output("ip", "addr")).toMatch(/inet 169\.254\.169\.254\/32 scope link .*gnt\.com\./);
    } finally {
      qemu.kill("SIGKILL");
      await ended;
    }
    await helper.waitForLog((fact) => fact["what"] === "down" && fact["guest"] === pair.key);
  });

  it("isn't started where the helper refuses, and whoever starts it is told in a line", async () => {
    const launch = (guest: string, program: string): Promise<unknown> => run(helper.program("slipway-launch"), ["--helper", helper.socket, "--guest", guest, "--", program], { uid: AGENT_USER.uid, gid: AGENT_USER.gid, env: { NODE_ENV: "test", PATH: "/usr/bin:/bin" } });
    await expect(launch("nobody", "true")).rejects.toMatchObject({ code: 126, stderr: "slipway-launch: helper: unknown guest: nothing was asked for it\n" });
    await expect(launch("Nobody", "true")).rejects.toMatchObject({ code: 126 });
    await expect(launch(BRIDGED.key, "true")).rejects.toMatchObject({ code: 126, stderr: "slipway-launch: helper: taken the guest's interfaces are in use\n" });
    const pair = pairOf(61);
    await helper.approve(agent, pair);
    await expect(launch(pair.key, "no-such-program")).rejects.toMatchObject({ code: 127, stderr: "slipway-launch: no-such-program: No such file or directory\n" });
    // Its interface goes with it.
    await helper.waitForLog((fact) => fact["what"] === "down" && fact["guest"] === pair.key);
  });
});
