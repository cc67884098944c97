import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listAudit } from "#lib/audit/list-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import { createNetwork } from "./create-network.ts";
import { deleteNetwork } from "./delete-network.ts";
import { getNetwork } from "./get-network.ts";
import { listAddresses } from "./list-addresses.ts";
import { listNetworks } from "./list-networks.ts";
import { modifyNetwork } from "./modify-network.ts";
import { releaseAddresses } from "./release-addresses.ts";
import { reserveAddresses } from "./reserve-addresses.ts";
import { createNetworkInputSchema, modifyNetworkInputSchema } from "./schemas.ts";
import { holdAddress, insertNics } from "./testing.ts";

let open: TestServices;
let admin: RequestContext;
let owner: RequestContext;

beforeAll(async () => {
  open = await openTestServices();
  admin = contextOf(open.services, await insertUser(open.services, { name: "admin", role: "administrator" }));
  owner = contextOf(open.services, await insertUser(open.services, { name: "owner", role: "owner" }));
});
afterAll(() => open.close());

function create(name: string, change: Record<string, unknown> = {}) {
  return createNetwork(admin, createNetworkInputSchema.parse({ name, subnet: "192.0.2.0/24", gateway: "192.0.2.1", link: "br0", ...change }));
}

async function held(name: string, ip: string | null = null): Promise<string> {
  const [nicId] = await insertNics(open.services.db, 1);
  return holdAddress(open.services.db, name, { nicId: nicId ?? "" }, ip);
}

describe("a network", () => {
  test("is made with its own addresses taken, listed, and on record", async () => {
    const network = await create("lan", { dns: ["192.0.2.2"], subnet6: "2001:db8::/64", gateway6: "2001:db8::1" });
    expect(network).toMatchObject({ name: "lan", purpose: "instances", mode: "bridged", link: "br0", size: 256, taken: 3, reserved: 3, dns: ["192.0.2.2"], serialNo: 1 });
    expect(await getNetwork(admin, "lan")).toEqual(network);
    expect((await listNetworks(admin, {})).items.map(({ name }) => name)).toEqual(["communication", "lan"]);
    expect((await listAddresses(admin, "lan", {})).items).toEqual([
      { address: "192.0.2.0", holder: "reserved", instanceName: null, note: "network address" },
      { address: "192.0.2.1", holder: "reserved", instanceName: null, note: "gateway" },
      { address: "192.0.2.255", holder: "reserved", instanceName: null, note: "broadcast address" },
    ]);
    expect((await listAudit(admin, { limit: 1 })).items[0]).toMatchObject({ action: "network.create", objectKind: "network", objectName: "lan", outcome: "done" });
    expect(await open.services.db.event.findFirst({ orderBy: { id: "desc" } })).toMatchObject({ type: "network.changed", payload: { type: "network.changed", name: "lan" } });
  });

  test("is refused with the field that is wrong", async () => {
    await expect(create("lan")).rejects.toMatchObject({ code: "exists", field: "name" });
    await expect(create("other", { gateway: "192.0.3.1" })).rejects.toMatchObject({ code: "invalid", field: "gateway" });
    await expect(create("other", { purpose: "communication", subnet: "192.0.2.128/25", gateway: null, link: null })).rejects.toMatchObject({ code: "conflict", field: "subnet" });
    await expect(modifyNetwork(admin, "communication", modifyNetworkInputSchema.parse({ subnet: "192.0.2.0/24" }))).rejects.toMatchObject({ code: "conflict", field: "subnet" });
    await expect(modifyNetwork(admin, "lan", modifyNetworkInputSchema.parse({ subnet: "no'; --" }))).rejects.toMatchObject({ code: "invalid", field: "subnet" });
    await expect(modifyNetwork(admin, "lan", modifyNetworkInputSchema.parse({ subnet: "192.0.2.7/24" }))).rejects.toMatchObject({ code: "invalid", field: "subnet" });
  });

  test("is nobody's but administrators'", async () => {
    const range = { first: "192.0.2.9", last: "192.0.2.9", note: null };
    for (const attempt of [() => listNetworks(owner, {}), () => getNetwork(owner, "lan"), () => getNetwork(owner, "nothing"), () => deleteNetwork(owner, "lan"), () => reserveAddresses(owner, "lan", range)]) {
      await expect(attempt()).rejects.toMatchObject({ code: "not_allowed" });
    }
    await expect(getNetwork(admin, "nothing")).rejects.toMatchObject({ code: "unknown_object" });
  });

  test("may share addresses with another one on another link", async () => {
    expect(await create("lan2", { link: "br1" })).toMatchObject({ subnet: "192.0.2.0/24" });
    await deleteNetwork(admin, "lan2");
    await expect(getNetwork(admin, "lan2")).rejects.toMatchObject({ code: "unknown_object" });
  });

  test("shares addresses with no other one on its link, whether it is made there or moves there", async () => {
    const conflict = { code: "conflict", field: "subnet", message: expect.stringContaining("network lan ") as unknown };
    const change = (name: string, body: Record<string, unknown>) => modifyNetwork(admin, name, modifyNetworkInputSchema.parse(body));
    await expect(create("twin", { subnet: "192.0.2.0/25" })).rejects.toMatchObject(conflict);
    await expect(create("twin", { subnet: "198.51.100.0/24", gateway: null, subnet6: "2001:db8::/80" })).rejects.toMatchObject({ ...conflict, field: "subnet6" });
    await create("twin", { subnet: "192.0.2.0/25", link: "br1" });
    await expect(change("twin", { link: "br0" })).rejects.toMatchObject(conflict);
    expect(await change("twin", { subnet: "198.51.100.0/24", gateway: null, link: "br0" })).toMatchObject({ link: "br0" });
    await expect(change("twin", { subnet: "192.0.2.128/25" })).rejects.toMatchObject(conflict);
    await expect(change("twin", { subnet6: "2001:db8::/64" })).rejects.toMatchObject({ ...conflict, field: "subnet6" });
    expect(await change("twin", { subnet: "192.0.2.0/24", mode: "routed", link: null })).toMatchObject({ mode: "routed" });
    // Without a table a routed network is in the main one, whose number is 254.
    await expect(create("third", { mode: "routed", link: "254" })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("network twin in it, which is in the same routing table") as unknown });
    await create("third", { mode: "routed", link: "100" });
    await expect(change("twin", { mode: "bridged", link: "br0" })).rejects.toMatchObject(conflict);
    for (const name of ["twin", "third"]) await deleteNetwork(admin, name);
  });

  test("of which two are made at once on one link with the same addresses is one", async () => {
    const results = await Promise.allSettled(["one", "two", "three"].map((name) => create(name, { subnet: "10.77.0.0/24", gateway: null })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "fulfilled") await deleteNetwork(admin, result.value.name);
  });
});

describe("addresses", () => {
  test("that are reserved keep their note: they are reserved once more only in the same way", async () => {
    await create("noted", { subnet: "10.6.0.0/24", gateway: "10.6.0.1" });
    const range = { first: "10.6.0.0", last: "10.6.0.9", note: "printers" };
    expect(await reserveAddresses(admin, "noted", range)).toMatchObject({ reserved: 11 });
    expect(await reserveAddresses(admin, "noted", range)).toMatchObject({ reserved: 11 });
    const exists = { code: "exists", field: "first", message: expect.stringContaining("10.6.0.2 ") as unknown };
    await expect(reserveAddresses(admin, "noted", { ...range, note: "phones" })).rejects.toMatchObject(exists);
    await expect(reserveAddresses(admin, "noted", { ...range, last: "10.6.0.10" })).rejects.toMatchObject(exists);
    expect((await listAddresses(admin, "noted", {})).items.filter(({ note }) => note === "printers")).toHaveLength(8);
  });

  test("are reserved and released by range, but for those that somebody has and the network's own", async () => {
    await create("range", { subnet: "10.0.0.0/16", gateway: "10.0.0.1" });
    const guest = await held("range", "10.0.1.5");
    expect(guest).toBe("10.0.1.5");
    expect(await reserveAddresses(admin, "range", { first: "10.0.0.0", last: "10.0.0.9", note: "printers" })).toMatchObject({ reserved: 11, taken: 12 });
    expect((await listAddresses(admin, "range", { limit: 3 })).items.map(({ note }) => note)).toEqual(["network address", "gateway", "printers"]);
    await expect(reserveAddresses(admin, "range", { first: "10.0.1.0", last: "10.0.1.255", note: null })).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/^10\.0\.1\.5 is held by instance holder-/) as unknown });
    await expect(reserveAddresses(admin, "range", { first: "10.0.0.9", last: "10.0.0.8", note: null })).rejects.toMatchObject({ field: "last" });
    await expect(reserveAddresses(admin, "range", { first: "10.0.0.0", last: "10.0.16.0", note: null })).rejects.toMatchObject({ code: "too_large" });
    await expect(reserveAddresses(admin, "range", { first: "10.1.0.0", last: "10.1.0.1", note: null })).rejects.toMatchObject({ code: "invalid", field: "first" });
    expect(await releaseAddresses(admin, "range", { first: "10.0.0.0", last: "10.0.15.255" })).toMatchObject({ reserved: 3, taken: 4 });
    await expect(releaseAddresses(admin, "range", { first: "10.0.0.0", last: "10.0.0.1" })).rejects.toMatchObject({ code: "invalid" });
  });

  test("are listed in pages, in their order, with who has them", async () => {
    await create("paged", { subnet: "10.9.0.0/24", gateway: null });
    const nics = await insertNics(open.services.db, 5);
    for (const nicId of nics) await holdAddress(open.services.db, "paged", { nicId }, null);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listAddresses(admin, "paged", { limit: 2, cursor });
      seen.push(...page.items.map(({ address, holder }) => `${address} ${holder}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(["10.9.0.0 reserved", "10.9.0.1 nic", "10.9.0.2 nic", "10.9.0.3 nic", "10.9.0.4 nic", "10.9.0.5 nic", "10.9.0.255 reserved"]);
    const { items } = await listAddresses(admin, "paged", { holder: "nic", limit: 1 });
    expect(items[0]?.instanceName).toMatch(/^holder-/);
  });

  test("that are held keep their network from being deleted, and its subnet from being changed, and nothing else", async () => {
    await create("held", { subnet: "10.8.0.0/24", gateway: "10.8.0.1" });
    const address = await held("held");
    await expect(deleteNetwork(admin, "held")).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining(address) as unknown });
    await expect(modifyNetwork(admin, "held", { subnet: "10.7.0.0/24", gateway: "10.7.0.1" })).rejects.toMatchObject({ code: "conflict", field: "subnet" });
    await expect(modifyNetwork(admin, "held", { gateway: address })).rejects.toMatchObject({ code: "conflict", field: "gateway" });
    expect(await modifyNetwork(admin, "held", { gateway: "10.8.0.254", dns: ["10.8.0.53"], link: "br2" })).toMatchObject({ gateway: "10.8.0.254", dns: ["10.8.0.53"], link: "br2", serialNo: 2, taken: 4 });
    expect((await listAddresses(admin, "held", { holder: "reserved" })).items.map(({ note, address: at }) => `${at} ${note ?? ""}`)).toEqual(["10.8.0.0 network address", "10.8.0.254 gateway", "10.8.0.255 broadcast address"]);
    await open.services.db.networkAddress.deleteMany({ where: { nicId: { not: null }, network: { name: "held" } } });
    expect(await modifyNetwork(admin, "held", { subnet: "10.7.0.0/25", gateway: "10.7.0.1" })).toMatchObject({ subnet: "10.7.0.0/25", size: 128, taken: 3 });
    await deleteNetwork(admin, "held");
  });
});

describe("networks of the communication mechanism", () => {
  test("can be added where they overlap nothing, and the last one stays", async () => {
    await expect(deleteNetwork(admin, "communication")).rejects.toMatchObject({ code: "conflict" });
    await expect(create("more", { purpose: "communication", subnet: "169.254.0.0/20", gateway: null, link: null })).rejects.toMatchObject({ code: "conflict", field: "subnet" });
    expect(await create("more", { purpose: "communication", subnet: "100.64.0.0/24", gateway: null, link: null })).toMatchObject({ mode: "routed", taken: 2 });
    await expect(create("lan3", { subnet: "100.64.0.0/16", gateway: null })).rejects.toMatchObject({ code: "conflict", field: "subnet" });
    await deleteNetwork(admin, "communication");
    await expect(deleteNetwork(admin, "more")).rejects.toMatchObject({ code: "conflict" });
  });

  test("of which two are deleted at once leave one", async () => {
    await create("again", { purpose: "communication", subnet: "100.65.0.0/24", gateway: null, link: null });
    const results = await Promise.allSettled([deleteNetwork(admin, "more"), deleteNetwork(admin, "again")]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });
});
