import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NicSpec, Reach } from "#lib/agent-protocol/messages.ts";
import type { GuestNetworkRequest } from "./guest-network.ts";
import { SessionNetworks } from "./session-networks.ts";

let folder: string;
const networks = new SessionNetworks(pino({ level: "silent" }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "networks-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function nic(index: number, change: Partial<NicSpec>): NicSpec {
  return { id: crypto.randomUUID(), index, mac: "aa:00:00:12:34:56", ip: null, mode: "user", link: null, name: null, network: null, forwards: [], ...change };
}
function wanted(nics: readonly NicSpec[], reach: readonly Reach[] = []): GuestNetworkRequest {
  return { folder, key: "a", nics, reach, channel: null, onNotice: () => undefined };
}

describe("a guest's network in session mode", () => {
  test("forwards ports of loopback to those that are asked for, and leads nowhere otherwise", async () => {
    const network = await networks.open(wanted([nic(0, { forwards: [22, 443, 22] }), nic(1, {}), nic(2, { mode: "bridged", link: "br0", forwards: [22] })]));
    expect(network.reach.map(({ nic: index, guestPort, host }) => [index, guestPort, host])).toEqual([
      [0, 22, "127.0.0.1"],
      [0, 443, "127.0.0.1"],
    ]);
    const [ssh, web] = network.reach;
    expect(network.nics.map(({ link }) => link)).toEqual([
      { kind: "user", forwards: [{ guestPort: 22, hostPort: ssh?.port }, { guestPort: 443, hostPort: web?.port }] },
      { kind: "user", forwards: [] },
      { kind: "closed" },
    ]);
    expect(new Set(network.reach.map(({ port }) => port)).size).toBe(2);
    await network.close();
  });

  test("keeps its ports from one start to the next, unless somebody else has them", async () => {
    const nics = [nic(0, { forwards: [22] })];
    const first = await networks.open(wanted(nics));
    await first.close();
    const second = await networks.open(wanted(nics, first.reach));
    expect(second.reach).toEqual(first.reach);
    // Another guest wants the same at the same time.
    const other = await networks.open(wanted(nics, first.reach));
    expect(other.reach[0]?.port).not.toBe(first.reach[0]?.port);
    await Promise.all([second.close(), other.close()]);
    const somebody = createServer();
    await new Promise<void>((resolve) => somebody.listen(first.reach[0]?.port, "127.0.0.1", resolve));
    const third = await networks.open(wanted(nics, first.reach));
    expect(third.reach[0]?.port).not.toBe(first.reach[0]?.port);
    await third.close();
    await new Promise((resolve) => somebody.close(resolve));
  });

  test("keeps the ports of a guest that has gone on without the agent from others", async () => {
    const nics = [nic(0, { forwards: [22] })];
    const reach = [{ nic: 0, guestPort: 22, host: "127.0.0.1", port: 23_456 }];
    const adopted = await networks.reopen(wanted(nics, reach));
    const other = await networks.open(wanted(nics, reach));
    expect(adopted.reach).toEqual(reach);
    expect(other.reach[0]?.port).not.toBe(23_456);
    await Promise.all([adopted.close(), other.close()]);
  });
});
