/** Addresses on the channel, by raw frames and by real clients (design: metadata, "The channel"). */
import { chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Guest } from "./testing/guest.ts";
import type { Pair } from "./testing/pairs.ts";
import { pairOf } from "./testing/pairs.ts";
import { Machine } from "./testing/machine.ts";
import { PROTOCOL, dhcp } from "./testing/packets.ts";
import type { Seen } from "./testing/packets.ts";
import { TestHelper, output, run } from "./testing/test-helper.ts";
import type { Connection } from "./testing/test-helper.ts";

const ONE = pairOf(2);
const TWO = pairOf(3);
/** Of another network, in which the host's address isn't. */
const FAR: Pair = { key: "far", mac: "02:5c:0a:4d:00:05", ip: "10.77.0.5", ip6: "fd00:ec2::a4d:5" };

let helper: TestHelper;
let agent: Connection;
let one: Guest;
let two: Guest;

beforeAll(async () => {
  helper = await TestHelper.start(["channel_networks=169.254.0.0/16,10.77.0.0/24"]);
  agent = await helper.connect();
  for (const pair of [ONE, TWO, FAR]) await helper.approve(agent, pair);
  one = await Guest.launch(helper, ONE);
  two = await Guest.launch(helper, TWO);
}, 60_000);

afterAll(async () => {
  await one.stop();
  await two.stop();
  await helper.stop();
});

/** The type of the message in an answer of the DHCP server, 2 offer, 5 acknowledgement, 6 refusal, and the address in it. */
function offer(seen: Seen, id: number): { readonly type: number; readonly address: string; readonly options: Buffer } | null {
  const message = seen.bytes.subarray(42);
  if (seen.protocol !== PROTOCOL.udp || seen.port !== 68 || message.readUInt32BE(4) !== id) return null;
  return { type: message[242] ?? 0, address: message.subarray(16, 20).join("."), options: message.subarray(240) };
}

let lastId = 0x5c000000;

/** Asks as a client does: again when nothing came, because the server may see a new interface only a moment after it is up. */
async function asks(guest: Guest): Promise<string> {
  const id = ++lastId;
  const again = setInterval(() => guest.send(dhcp({ mac: guest.pair.mac, client: guest.pair.mac, type: 1, id })), 300);
  try {
    guest.send(dhcp({ mac: guest.pair.mac, client: guest.pair.mac, type: 1, id }));
    const seen = await guest.expect((frame) => offer(frame, id)?.type === 2);
    return offer(seen, id)?.address ?? "";
  } finally {
    clearInterval(again);
  }
}

describe("a guest that asks for its address", () => {
  it("gets its own, without a router or a name server", async () => {
    expect(await asks(one)).toBe(ONE.ip);
    const id = ++lastId;
    one.send(dhcp({ mac: ONE.mac, client: ONE.mac, type: 3, id, requested: ONE.ip }));
    const seen = await one.expect((frame) => offer(frame, id)?.type === 5);
    const options = offer(seen, id)?.options ?? Buffer.alloc(0);
    const codes: number[] = [];
    for (let at = 0; at < options.length && options[at] !== 255; at += 2 + (options[at + 1] ?? 0)) codes.push(options[at] ?? 0);
    expect(codes).not.toContain(3);
    expect(codes).not.toContain(6);
  });

  it("gets none with its neighbour's hardware address, in the message or in the frame", async () => {
    const ids = [++lastId, ++lastId, ++lastId];
    one.send(dhcp({ mac: ONE.mac, client: TWO.mac, type: 1, id: ids[0] ?? 0 }));
    one.send(dhcp({ mac: TWO.mac, client: TWO.mac, type: 1, id: ids[1] ?? 0 }));
    one.send(dhcp({ mac: TWO.mac, client: ONE.mac, type: 1, id: ids[2] ?? 0 }));
    expect(await asks(one)).toBe(ONE.ip);
    expect(one.seen.filter((frame) => ids.some((id) => offer(frame, id) !== null))).toEqual([]);
    await agent.event(`refused guest=${ONE.key} what=dhcp`);
  });

  it("gets none through a relay", async () => {
    const id = ++lastId;
    one.send(dhcp({ mac: ONE.mac, client: ONE.mac, type: 1, id, relay: TWO.ip }));
    expect(await asks(one)).toBe(ONE.ip);
    expect([...one.seen, ...two.seen].filter((frame) => offer(frame, id) !== null)).toEqual([]);
  });

  it("doesn't give its neighbour's lease back", async () => {
    const id = ++lastId;
    two.send(dhcp({ mac: TWO.mac, client: TWO.mac, type: 3, id, requested: TWO.ip }));
    await two.expect((frame) => offer(frame, id)?.type === 5);
    one.send(dhcp({ mac: ONE.mac, client: TWO.mac, type: 7, id: ++lastId }));
    expect(await asks(one)).toBe(ONE.ip);
    expect(await readFile(join(helper.runFolder, "dnsmasq", "leases", "leases"), "utf8")).toContain(`${TWO.mac} ${TWO.ip} `);
  });

  it("and floods, is heard as often as the limit says, and its neighbour as before", async () => {
    const first = lastId + 1;
    for (let i = 0; i < 400; i++) one.send(dhcp({ mac: ONE.mac, client: ONE.mac, type: 1, id: ++lastId }));
    const last = lastId;
    await agent.event(`refused guest=${ONE.key} what=flood`);
    const asked = Date.now();
    expect(await asks(two)).toBe(TWO.ip);
    expect(Date.now() - asked).toBeLessThan(1_000);
    const answered = one.seen.filter((frame) => frame.protocol === PROTOCOL.udp && frame.port === 68 && Array.from({ length: last - first + 1 }, (_, i) => first + i).some((id) => offer(frame, id) !== null));
    expect(answered.length).toBeLessThan(60);
  });
});

describe("a real client", () => {
  let machine: Machine | null = null;

  afterEach(async () => {
    await unplug();
  });

  async function plugIn(pair: Pair): Promise<string> {
    machine = await Machine.plugIn(helper, pair);
    return machine.namespace;
  }

  async function unplug(): Promise<void> {
    await machine?.unplug();
    machine = null;
  }

  /** A script for the client that sets what it was given, as a distribution's does. */
  async function dhclientScript(): Promise<string> {
    const folder = join(helper.folder, "client");
    await mkdir(folder, { recursive: true });
    const path = join(folder, "script");
    await writeFile(path, `#!/bin/sh
case "$reason" in
BOUND|RENEW|REBOOT) ip addr replace "$new_ip_address/$new_subnet_mask" dev eth0; echo "$new_rfc3442_classless_static_routes" > ${folder}/routes; echo "$new_routers" > ${folder}/routers ;;
BOUND6|RENEW6) ip -6 addr replace "$new_ip6_address/128" dev eth0 nodad ;;
esac
`);
    await chmod(path, 0o755);
    return path;
  }

  it("finds the host by IPv4 also from a network in which the host's address isn't", async () => {
    const namespace = await plugIn(FAR);
    const script = await dhclientScript();
    const conf = join(helper.folder, "client", "conf");
    await writeFile(conf, "option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;\nalso request rfc3442-classless-static-routes;\n");
    await run("ip", ["netns", "exec", namespace, "dhclient", "-4", "-1", "-d", "-cf", conf, "-sf", script, "-lf", join(helper.folder, "client", "leases4"), "-pf", join(helper.folder, "client", "pid4"), "--no-pid", "eth0"], { timeout: 3_000 }).catch(() => undefined); // It stays after it has its lease, until the time limit.
    expect(await output("ip", "-n", namespace, "-4", "addr", "show", "eth0")).toContain(FAR.ip);
    expect((await readFile(join(helper.folder, "client", "routes"), "utf8")).trim()).toBe("32 169 254 169 254 0 0 0 0");
    expect((await readFile(join(helper.folder, "client", "routers"), "utf8")).trim()).toBe("");
  });

  it("gets its own IPv6 address, no default route, and the same address after it was installed anew", async () => {
    const three = pairOf(4);
    await helper.approve(agent, three);
    for (const identity of ["00:03:00:01:aa:aa:aa:aa:aa:01", "00:03:00:01:aa:aa:aa:aa:aa:02"]) {
      const namespace = await plugIn(three);
      const script = await dhclientScript();
      const leases = join(helper.folder, "client", `leases6-${identity.slice(-2)}`);
      await writeFile(leases, `default-duid "${identity.split(":").map((byte) => `\\x${byte}`).join("")}";\n`);
      await expect.poll(() => output("ip", "-n", namespace, "-6", "addr", "show", "eth0", "scope", "link", "-tentative"), { timeout: 5_000 }).toContain("fe80");
      await run("ip", ["netns", "exec", namespace, "dhclient", "-6", "-1", "-d", "-sf", script, "-lf", leases, "--no-pid", "eth0"], { timeout: 6_000 }).catch(() => undefined);
      expect(await output("ip", "-n", namespace, "-6", "addr", "show", "eth0")).toContain(three.ip6);
      expect(await output("ip", "-n", namespace, "-6", "route", "show", "default")).toBe("");
      await run("ip", ["netns", "exec", namespace, "timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/fd00:ec2::254/80"]);
      await unplug();
    }
  }, 40_000);
});

describe("what somebody who has taken dnsmasq over leaves in its folder", () => {
  const THREE = pairOf(4);
  const file = (name: string): string => join(helper.runFolder, "dnsmasq", "leases", name);
  const removed = async (): Promise<void> => {
    expect(await agent.ask(`remove guest=${THREE.key}`)).toBe("ok");
  };

  beforeEach(async () => {
    await helper.approve(agent, THREE);
  });

  it("leads root to no other file", async () => {
    const other = join(helper.folder, "other");
    await writeFile(other, "root's\n");
    const before = await readFile(file("leases"), "utf8");
    await symlink(other, file(".leases"));
    await writeFile(file("leases"), `${before}1 ${THREE.mac} ${THREE.ip} * *\n`);
    await removed();
    expect(await readFile(other, "utf8")).toBe("root's\n");
    expect((await stat(other)).uid).toBe(0);
    expect(await readFile(file("leases"), "utf8")).not.toContain(THREE.ip);
  });

  it("holds nobody up", async () => {
    // In one step: dnsmasq would make its file again in between.
    await run("mkfifo", [file("fifo")]);
    await rename(file("fifo"), file("leases"));
    await removed();
    await rm(file("leases"));
  });
});
