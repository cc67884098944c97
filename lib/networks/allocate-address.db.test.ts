import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import type { Database } from "#lib/db/client.ts";
import { ownAddresses } from "#lib/domain/network-rules.ts";
import { allocateChannelAddress } from "./allocate-address.ts";
import { takeOwnAddresses } from "./own-addresses.ts";
import { holdAddress, insertNics } from "./testing.ts";

let open: TestServices;
let db: Database;

beforeAll(async () => {
  open = await openTestServices();
  ({ db } = open.services);
});
afterAll(() => open.close());

async function network(name: string, subnet: string): Promise<void> {
  await db.$transaction(async (tx) => takeOwnAddresses(tx, await tx.network.create({ data: { name, subnet, mode: "routed" } })));
}

/** For the instance of a NIC. */
async function channelOf(nicId: string): Promise<string> {
  const { instanceId } = await db.instanceNic.findUniqueOrThrow({ where: { id: nicId }, select: { instanceId: true } });
  await db.$transaction((tx) => allocateChannelAddress(tx, { instanceId }));
  return instanceId;
}

describe("an address of a pool", () => {
  test("is one guest's, however many ask at once", async () => {
    await network("busy", "10.0.0.0/24");
    const nics = await insertNics(db, 60);
    const addresses = await Promise.all(nics.map((nicId) => holdAddress(db, "busy", { nicId }, null)));
    expect(new Set(addresses).size).toBe(60);
    expect(await db.networkAddress.count({ where: { network: { name: "busy" } } })).toBe(62);
  });

  test("is there to the last one of the smallest network, and then there is none until one is given back", async () => {
    await network("small", "10.1.0.0/29");
    const nics = await insertNics(db, 7);
    const results = await Promise.allSettled(nics.map((nicId) => holdAddress(db, "small", { nicId }, null)));
    const given = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(given.toSorted()).toEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]);
    expect(results.filter(({ status }) => status === "rejected")).toMatchObject([{ reason: { code: "no_room", message: expect.stringContaining("small") as unknown } }]);
    const loser = nics[results.findIndex(({ status }) => status === "rejected")] ?? "";
    const { instanceId } = await db.instanceNic.findFirstOrThrow({ where: { address: { offset: 3, network: { name: "small" } } }, select: { instanceId: true } });
    await db.instance.delete({ where: { id: instanceId } });
    expect(await holdAddress(db, "small", { nicId: loser }, null)).toBe("10.1.0.3");
  });

  test("is the one behind the last that was given out, so that one that was given back rests for a while", async () => {
    await network("resting", "10.2.0.0/24");
    const [first = "", second = "", third = ""] = await insertNics(db, 3);
    expect(await holdAddress(db, "resting", { nicId: first }, null)).toBe("10.2.0.1");
    await db.networkAddress.delete({ where: { nicId: first } });
    expect(await holdAddress(db, "resting", { nicId: second }, null)).toBe("10.2.0.2");
    expect(await holdAddress(db, "resting", { nicId: third }, "10.2.0.1")).toBe("10.2.0.1");
    expect(await holdAddress(db, "resting", { nicId: first }, null)).toBe("10.2.0.3");
  });

  test("that is named is given where it is free, and refused with the field where it isn't", async () => {
    await network("named", "10.3.0.0/24");
    const [first = "", second = ""] = await insertNics(db, 2);
    expect(await holdAddress(db, "named", { nicId: first }, "10.3.0.77")).toBe("10.3.0.77");
    await expect(holdAddress(db, "named", { nicId: second }, "10.3.0.77")).rejects.toMatchObject({ code: "conflict", field: "ip", message: expect.stringContaining("held by instance holder-") as unknown });
    await expect(holdAddress(db, "named", { nicId: second }, "10.3.0.255")).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("reserved") as unknown });
    await expect(holdAddress(db, "named", { nicId: second }, "10.4.0.1")).rejects.toMatchObject({ code: "invalid", field: "ip" });
  });
});

test("a MAC address of the communication mechanism is given to no NIC, whoever writes it, and one from before stays as it is", async () => {
  const [id = ""] = await insertNics(db, 1);
  await expect(db.instanceNic.update({ where: { id }, data: { mac: "02:5c:a9:fe:00:02" } })).rejects.toThrow();
  await db.$transaction([db.$executeRaw`ALTER TABLE instance_nic DISABLE TRIGGER instance_nic_mac`, db.$executeRaw`UPDATE instance_nic SET mac = '02:5c:a9:fe:00:03' WHERE id = ${id}::uuid`, db.$executeRaw`ALTER TABLE instance_nic ENABLE TRIGGER instance_nic_mac`]);
  await db.instanceNic.update({ where: { id }, data: { forwards: [22] } });
});

describe("the communication mechanism's /16", () => {
  const OWN = ownAddresses({ subnet: "169.254.0.0/16", gateway: null });

  test("is given out to its last address, then there is none, then the one that is given back; and that takes no time", async () => {
    const { id } = await db.network.findUniqueOrThrow({ where: { name: "communication" } });
    const free = [7, 30_000, 65_534];
    await db.$executeRaw`
      INSERT INTO network_address (network_id, "offset") SELECT ${id}::uuid, r."offset" FROM generate_series(0, 65535) AS r("offset") WHERE r."offset" <> ALL(${free}::int[]) ON CONFLICT DO NOTHING`;
    expect(await db.networkAddress.count({ where: { networkId: id } })).toBe(65_536 - free.length);
    expect([...OWN.keys()].every((offset) => !free.includes(offset))).toBe(true);
    const nics = await insertNics(db, 5);
    const offsets: number[] = [];
    const times: number[] = [];
    for (const nicId of nics.slice(0, 3)) {
      const from = performance.now();
      const instanceId = await channelOf(nicId);
      times.push(performance.now() - from);
      offsets.push((await db.networkAddress.findUniqueOrThrow({ where: { instanceId } })).offset);
    }
    expect(offsets).toEqual(free);
    // Each looked through tens of thousands that are taken; 50 ms on two busy cores. The bound is for a machine that does other things as well.
    expect(Math.max(...times)).toBeLessThan(2_000);
    await expect(channelOf(nics[3] ?? "")).rejects.toMatchObject({ code: "no_room", message: expect.stringContaining("communication") as unknown });
    // Who has one keeps it.
    const kept = await channelOf(nics[1] ?? "");
    expect(await db.networkAddress.findUniqueOrThrow({ where: { instanceId: kept } })).toMatchObject({ offset: 30_000 });
    await db.instance.delete({ where: { id: kept } });
    const taker = await channelOf(nics[3] ?? "");
    expect(await db.networkAddress.findUniqueOrThrow({ where: { instanceId: taker } })).toMatchObject({ offset: 30_000 });
    // Another network of it takes over.
    await db.$transaction(async (tx) => takeOwnAddresses(tx, await tx.network.create({ data: { name: "more", purpose: "communication", subnet: "100.64.0.0/30", mode: "routed" } })));
    const other = await channelOf(nics[4] ?? "");
    expect(await db.networkAddress.findUniqueOrThrow({ where: { instanceId: other }, include: { network: true } })).toMatchObject({ offset: 1, network: { name: "more" } });
  });
});
