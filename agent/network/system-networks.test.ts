import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NicSpec } from "#lib/agent-protocol/messages.ts";
import { RUNNING_GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { buildInstanceTree } from "../metadata/build-trees.ts";
import type { MetadataContent } from "../metadata/metadata-content.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import { FakeHelper } from "../testing/fake-helper.ts";
import { exampleInstance } from "../testing/orders.ts";
import type { GuestNetworkRequest } from "./guest-network.ts";
import { isAddressOf, SystemNetworks } from "./system-networks.ts";

let folder: string;
let helper: FakeHelper;
let networks: SystemNetworks;
let notices: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "networks-"));
  notices = [];
  helper = new FakeHelper(join(folder, "helper.sock"));
  await helper.start();
  networks = new SystemNetworks({ socket: helper.path, log: pino({ level: "silent" }), host: { host: "127.0.0.1", host6: null }, restartMs: 500 });
  await expect.poll(() => networks.facts.routed).toBe(true);
});
afterEach(async () => {
  await networks.close();
  await helper.stop();
  await rm(folder, { recursive: true });
});

function nic(change: Partial<NicSpec>): NicSpec {
  return { id: crypto.randomUUID(), index: 0, mac: "aa:00:00:12:34:56", ip: null, mode: "bridged", link: "br0", name: null, network: null, forwards: [], ...change };
}
function content(): MetadataContent {
  const write = new WritePipe(new ScrubPatterns([]), null, { onLine: () => undefined, onNotice: () => undefined, onResult: () => undefined }, RUNNING_GUEST_LIMITS);
  const tree = buildInstanceTree({ spec: exampleInstance(), node: "node1", guestData: null });
  return { tree, requireTokens: false, isComplete: null, read: new ReadPipe(), write, streams: null, onContact: () => undefined, onRefused: () => undefined, onNotice: () => undefined };
}
/** The tests speak from loopback: that is the guest's address here. */
function wanted(key: string, change: Partial<GuestNetworkRequest> = {}): GuestNetworkRequest {
  return { folder, key, nics: [], reach: [], channel: { ip: "127.0.0.1", content: content() }, onNotice: (text) => notices.push(text), ...change };
}
function status(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/", agent: false }, (response) => {
      response.resume().once("end", () => {
        resolve(response.statusCode ?? 0);
      });
    })
      .once("error", reject)
      .end();
  });
}

describe("a guest's network in system mode", () => {
  test("is its NICs in their order and its channel after them, whatever an earlier start left", async () => {
    const nics = [nic({ index: 1, mode: "routed", link: null, ip: "192.0.2.7" }), nic({ index: 0, ip: "192.0.2.6" }), nic({ index: 2, mode: "user", forwards: [22] })];
    const network = await networks.open(wanted("a", { nics }));
    expect(helper.asked).toEqual(["remove a", "nic a", "nic a", "channel a"]);
    expect(helper.requests.filter(({ verb }) => verb === "nic").map(({ values }) => values)).toEqual([
      { guest: "a", index: "0", mode: "bridged", mac: "aa:00:00:12:34:56", ip: "192.0.2.6", link: "br0" },
      { guest: "a", index: "1", mode: "routed", mac: "aa:00:00:12:34:56", ip: "192.0.2.7" },
    ]);
    expect(network.nics.map(({ link }) => link)).toEqual([{ kind: "tap", fd: 10 }, { kind: "tap", fd: 11 }, { kind: "user", forwards: [{ guestPort: 22, hostPort: network.reach[0]?.port }] }]);
    expect(network.channel).toEqual({ kind: "tap", fd: 12, mac: "02:5c:7f:00:00:01" });
  });

  test("on a bridge is held to its network's IPv6 subnet, and kept from its router's address", async () => {
    const network = { name: "lan", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: "2001:db8::/64", gateway6: "2001:db8::1", dns: [] };
    await networks.open(wanted("a", { nics: [nic({ ip: "192.0.2.6", network }), nic({ index: 1, ip: "192.0.2.7", network: { ...network, subnet6: null, gateway6: null } })] }));
    const [first, second] = helper.requests.filter(({ verb }) => verb === "nic").map(({ values }) => values);
    expect(first).toMatchObject({ ip: "192.0.2.6", ip6net: "2001:db8::/64", gateway6: "2001:db8::1" });
    expect(second).not.toHaveProperty("ip6net");
  });

  test("is answered, and no longer when the guest is gone", async () => {
    const network = await networks.open(wanted("a"));
    expect(helper.last("channel")).toMatchObject({ ip: "127.0.0.1", ip6: "fd00:ec2::7f00:1", mac: "02:5c:7f:00:00:01", port6: "0" });
    const port = Number(helper.last("channel")?.["port"]);
    expect(await status(port)).toBe(200);
    await network.close();
    await network.close();
    expect(helper.asked.filter((asked) => asked === "remove a")).toHaveLength(2);
    await expect(status(port)).rejects.toThrow("ECONNREFUSED");
  });

  test("hangs up on any address but the guest's own", async () => {
    await networks.open(wanted("a", { channel: { ip: "169.254.0.2", content: content() } }));
    await expect(status(Number(helper.last("channel")?.["port"]))).rejects.toThrow();
  });

  test("asks for nothing where the guest has nothing of the helper's", async () => {
    const network = await networks.open(wanted("a", { channel: null, nics: [nic({ mode: "routed" }), nic({ index: 1, link: null })] }));
    expect(network.nics.map(({ link }) => link.kind)).toEqual(["closed", "closed"]);
    expect(helper.asked).toEqual([]);
  });

  test("isn't made where the helper refuses a part of it, and nothing is left", async () => {
    helper.refuses.set("nic", "not_allowed The bridge br0 isn't in the administrator's file.");
    await expect(networks.open(wanted("a", { nics: [nic({})] }))).rejects.toMatchObject({ code: "not_allowed", message: "The node's network helper refuses: The bridge br0 isn't in the administrator's file." });
    expect(helper.asked.at(-1)).toBe("remove a");
  });

  test("isn't made where its bridge has gone meanwhile, and is as soon as it is there again", async () => {
    helper.bridges = [];
    await expect(networks.open(wanted("a", { nics: [nic({})] }))).rejects.toMatchObject({
      code: "unsupported",
      message: "The node has no bridge br0 for guests. An administrator has to make it on the node, and name it under bridges in /etc/slipway/helper.conf.",
    });
    expect(helper.requests.filter(({ verb }) => verb === "nic")).toEqual([]);
    expect(await networks.currentFacts()).toEqual({ bridges: [], routed: true });
    helper.bridges = ["br0"];
    expect(await networks.currentFacts()).toEqual({ bridges: ["br0"], routed: true });
    await (await networks.open(wanted("a", { nics: [nic({})] }))).close();
  });

  test("is refused with what to do where the helper is away, after a moment in which it may come back", async () => {
    await helper.stop();
    await expect.poll(() => networks.facts).toEqual({ bridges: [], routed: false });
    const opening = networks.open(wanted("a"));
    await helper.start();
    await (await opening).close();
    await helper.stop();
    const refusal = "The node's network helper isn't running. An administrator has to start slipway-helper on the node; guests that run go on.";
    await expect(networks.open(wanted("a"))).rejects.toMatchObject({ code: "unsupported", message: refusal });
  });

  test("is made although the helper dies in the middle of it", async () => {
    helper.diesAt.add("channel");
    const opening = networks.open(wanted("a"));
    await expect.poll(() => networks.facts.routed).toBe(false);
    await helper.start();
    expect((await opening).channel).toMatchObject({ kind: "tap" });
  });
});

describe("a helper that comes back", () => {
  test("is told the ports of the guests that run, and asked to remove what belongs to none", async () => {
    await networks.open(wanted("a"));
    const announced = helper.last("channel");
    const gone = await networks.open(wanted("b"));
    networks.settle();
    await expect.poll(() => helper.asked).toContain("list");
    await helper.stop();
    await expect.poll(() => networks.facts.routed).toBe(false);
    await gone.close();
    helper.guests.set("stray", [{ kind: "nic", index: 0 }]);
    helper.requests.length = 0;
    await helper.start();
    await expect.poll(() => [...helper.guests.keys()]).toEqual(["a"]);
    expect(helper.last("channel")).toEqual(announced);
    expect(helper.asked).toEqual(["channel a", "list", "remove b", "remove stray"]);
    expect(await status(Number(announced?.["port"]))).toBe(200);
  });
});

describe("an agent that is started again", () => {
  test("takes nothing away before it knows which guests run, and answers those that do on other ports", async () => {
    helper.guests.set("a", [{ kind: "channel", index: 100 }]);
    helper.guests.set("stray", [{ kind: "channel", index: 100 }]);
    await networks.reopen(wanted("a"));
    expect(helper.asked).toEqual(["channel a"]);
    expect(await status(Number(helper.last("channel")?.["port"]))).toBe(200);
    networks.settle();
    await expect.poll(() => [...helper.guests.keys()]).toEqual(["a"]);
  });

  test("answers a guest that goes on as soon as the helper is there too", async () => {
    await helper.stop();
    await expect.poll(() => networks.facts.routed).toBe(false);
    await networks.reopen(wanted("a"));
    networks.settle();
    await helper.start();
    await expect.poll(() => helper.asked).toEqual(["channel a", "list"]);
    expect(await status(Number(helper.last("channel")?.["port"]))).toBe(200);
  });
});

describe("what a guest may not do", () => {
  test("is told once for each kind, to the guest concerned", async () => {
    await networks.open(wanted("a"));
    for (const what of ["arp", "arp", "flood"]) helper.tell(`refused guest=a what=${what}`);
    helper.tell("refused guest=nobody what=source");
    helper.tell("restarted what=dnsmasq");
    await expect.poll(() => notices).toHaveLength(2);
    expect(notices[0]).toContain("ARP");
    expect(notices[1]).toContain("connections");
  });
});

test("who asks has the guest's address, or one of its own link", () => {
  const isGuest = (address: string): boolean => isAddressOf(address, "169.254.0.2", "fd00:ec2::a9fe:2");
  for (const address of ["169.254.0.2", "::ffff:169.254.0.2", "fd00:ec2::a9fe:2", "fe80::5c:a9ff:fefe:2%gnt.com.3", "febf::1"]) expect(isGuest(address), address).toBe(true);
  for (const address of ["169.254.0.3", "169.254.0.22", "127.0.0.1", "fd00:ec2::a9fe:3", "fd00:ec2::254", "fec0::1", "::1", "", "fe80", "fe80::a9fe:a9fe", "fe80::a9fe:a9fe%gnt.com.3"]) expect(isGuest(address), address).toBe(false);
});
