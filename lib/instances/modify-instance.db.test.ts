import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { parseWith } from "#lib/http/parse.ts";
import { holderOf, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { createNetwork } from "#lib/networks/create-network.ts";
import { createNetworkInputSchema } from "#lib/networks/schemas.ts";
import { createInstance } from "./create-instance.ts";
import { getInstance } from "./get-instance.ts";
import { modifyInstance } from "./modify-instance.ts";
import { previewCreate } from "./preview-create.ts";
import { previewReinstall } from "./preview-reinstall.ts";
import { createInstanceInputSchema, modifyInstanceInputSchema } from "./schemas.ts";

/** Nobody follows the node or carries out jobs here: what is about the database alone. */
let cluster: InstallCluster;
let services: Services;
let admin: RequestContext;
let owner: RequestContext;

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIgqxaSCM8kJnvQyPbZPN/IZn8gvFpNTqLjYpZqUgjfR me@example.test";

async function nodeSays(name: string, mode: "system" | "session", bridges: readonly string[], routed = false): Promise<void> {
  const sizes = { cpus: 8, memoryTotalMib: 65_536, memoryFreeMib: 60_000, diskTotalMib: 1_048_576, diskFreeMib: 1_000_000 };
  const facts = { protocol: PROTOCOL_VERSION, agentVersion: "0.1.0", mode, hostname: name, qemuVersion: null, ...sizes, accelerator: "tcg", acceleratorReason: null, runsHostScripts: false, networking: { bridges: [...bridges], routed } };
  await services.db.node.upsert({ where: { name }, create: { name, state: "online", facts }, update: { state: "online", facts } });
}

beforeAll(async () => {
  cluster = await openInstallCluster((options) => startSimulatedAgent(options), { controller: false });
  ({ services, admin } = cluster);
  owner = contextOf(services, await insertUser(services, { name: "owner", role: "owner" }));
  await nodeSays("node1", "system", ["br0", "br1"], true);
  await nodeSays("laptop", "session", []);
  for (const [name, subnet, more] of [["lan", "192.0.2.0/28", { link: "br0" }], ["dmz", "198.51.100.0/29", { link: "br1" }], ["wan", "203.0.113.0/24", { mode: "routed" }], ["routed2", "10.77.0.0/24", { mode: "routed" }]] as const) {
    await createNetwork(admin, createNetworkInputSchema.parse({ name, subnet, ...more }));
  }
});
afterAll(() => cluster.close());

/** An instance whose install is past, running or stopped. */
async function instance(name: string, change: Record<string, unknown> = {}, operState: "running" | "stopped" = "stopped"): Promise<string> {
  await createInstance(admin, newInstance(name, { owner: "owner", ...change }));
  const { id } = await services.db.instance.update({ where: { name }, data: { lockedByJobId: null, operState, adminState: operState, installState: "done" } });
  return id;
}

function modify(ctx: RequestContext, name: string, input: Record<string, unknown>) {
  return modifyInstance(ctx, name, modifyInstanceInputSchema.parse(input));
}

async function nicsOf(name: string) {
  return (await getInstance(admin, name)).nics.map(({ mode, link, network, ip, forwards }) => ({ mode, link, network, ip, forwards }));
}

describe("a new instance", () => {
  test("has what was asked for: keys, a datasource, user data that nobody reads, and addresses from networks", async () => {
    await instance("full.test", { sshKeys: [KEY], userData: "user-data-canary", datasource: "ec2", nics: [{}, { network: "lan" }, { network: "wan", ip: "203.0.113.7" }] });
    const detail = await getInstance(owner, "full.test");
    expect(detail).toMatchObject({ sshKeys: [KEY], datasource: "ec2", userData: { isSet: true, fingerprint: expect.stringMatching(/^k1:/) as unknown }, hostKeys: null, channelIp: null });
    expect(JSON.stringify(detail)).not.toContain("canary");
    expect(await nicsOf("full.test")).toEqual([
      { mode: "user", link: null, network: null, ip: null, forwards: [22] },
      { mode: "bridged", link: "br0", network: "lan", ip: "192.0.2.1", forwards: [] },
      { mode: "routed", link: null, network: "wan", ip: "203.0.113.7", forwards: [] },
    ]);
    const job = await services.db.job.findFirstOrThrow({ where: { instanceName: "full.test" } });
    expect(JSON.stringify([job.ops, await services.db.auditEntry.findMany()], (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value))).not.toContain("canary");
  });

  test("goes to a node that can connect it", async () => {
    await instance("placed.test", { nics: [{ network: "lan" }] });
    expect((await getInstance(admin, "placed.test")).node).toBe("node1");
    await expect(instance("nowhere.test", { nics: [{ mode: "bridged", link: "br9" }] })).rejects.toMatchObject({ code: "unsupported", field: "nics[0].link", message: expect.stringContaining("any node") as unknown });
    await expect(instance("laptop.test", { node: "laptop", nics: [{ network: "lan" }] })).rejects.toMatchObject({ code: "unsupported", field: "nics[0].mode" });
    await expect(instance("unknown.test", { nics: [{}, { network: "nothing" }] })).rejects.toMatchObject({ code: "unknown_object", field: "nics[1].network" });
  });

  test("isn't made where a network has no address for it, and takes none of another's then", async () => {
    const before = await services.db.networkAddress.count();
    const nics = Array.from({ length: 8 }, () => ({ network: "dmz" }));
    await expect(instance("large.test", { nics: [...nics.slice(0, 7), { network: "lan" }] })).rejects.toMatchObject({ code: "no_room", field: "nics[6].network", message: expect.stringContaining("dmz") as unknown });
    expect(await services.db.networkAddress.count()).toBe(before);
    expect(await services.db.instance.count({ where: { name: "large.test" } })).toBe(0);
  });

  test("of many that are made at once, in networks named in any order, each has addresses of its own", async () => {
    const names = Array.from({ length: 12 }, (_, n) => `many-${n}.test`);
    await Promise.all(names.map((name, n) => createInstance(admin, newInstance(name, { nics: n % 2 === 0 ? [{ network: "wan" }, { network: "routed2" }] : [{ network: "routed2" }, { network: "wan" }] }))));
    const ips = (await services.db.instanceNic.findMany({ where: { instance: { name: { in: names } } } })).map(({ ip }) => ip);
    expect(ips).toHaveLength(24);
    expect(new Set(ips).size).toBe(24);
    expect(ips).not.toContain(null);
  });

  test.each<[string, Record<string, unknown>]>([
    ["user data of too many bytes, not characters", { userData: "ä".repeat(8_193) }],
    ["a MAC of the communication mechanism", { nics: [{ mac: "02:5C:00:00:00:01" }] }],
    ["a key with options before it", { sshKeys: [`command="x" ${KEY}`] }],
    ["a key that isn't what it says", { sshKeys: [KEY.replace("ed25519 ", "rsa ")] }],
    ["too many keys", { sshKeys: Array.from({ length: 65 }, () => KEY) }],
    ["a mask for user data", { userData: "<redacted>" }],
    ["user data that are too long", { userData: "x".repeat(16_385) }],
    ["a port twice", { nics: [{ forwards: [22, 22] }] }],
    ["17 ports", { nics: [{ forwards: Array.from({ length: 17 }, (_, n) => n + 1) }] }],
  ])("can't have %s", (_what, change) => {
    expect(createInstanceInputSchema.safeParse({ name: "x.test", osType: "a", memoryMib: 64, disks: [], ...change }).success).toBe(false);
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ["nics[1].ip: must be an IP address", { nics: [{}, { ip: "192.0.2.300" }] }, "nics[1].ip"],
  ["userData: must be at most 16384 bytes in UTF-8", { userData: "ä".repeat(8_193) }, "userData"],
  ["userData: must be at most 16384 bytes in UTF-8", { userData: "x".repeat(16_385) }, "userData"],
])("a request is told that %s", (message, change, field) => {
  // vitest has its matchers as anything; here it stands for the error that is thrown.
  expect(() => parseWith(modifyInstanceInputSchema, change)).toThrow(expect.objectContaining({ code: "invalid", field, message: expect.stringContaining(message) as unknown }) as Error);
});

describe("a modification", () => {
  test("is a job that has ended, changes what is given and nothing else, and is on record without values", async () => {
    await instance("mod.test", { userData: "first-canary" }, "running");
    const before = await getInstance(owner, "mod.test");
    const { jobId, appliedAtNextStart } = await modify(owner, "mod.test", { sshKeys: [KEY], userData: "second-canary", datasource: "none" });
    expect(appliedAtNextStart.toSorted()).toEqual(["datasource", "sshKeys", "userData"]);
    const after = await getInstance(owner, "mod.test");
    expect(after).toMatchObject({ sshKeys: [KEY], datasource: "none", communication: false, serialNo: before.serialNo + 1, lockedByJobId: null });
    expect(after.userData.fingerprint).not.toBe(before.userData.fingerprint);
    const job = await getJob(owner, jobId);
    expect(job).toMatchObject({ status: "success", summary: ["INSTANCE_SET_PARAMS(mod.test)"], ops: [{ OP_ID: "OP_INSTANCE_SET_PARAMS", datasource: "none", user_data: null, ssh_keys: null }] });
    const audit = await services.db.auditEntry.findFirstOrThrow({ where: { action: "instance.modify" }, orderBy: { id: "desc" } });
    expect(audit.details).toEqual({ jobId, fields: ["datasource", "sshKeys", "userData"], datasource: "none" });
    expect(JSON.stringify([job, audit.details])).not.toContain("canary");
    await modify(owner, "mod.test", { userData: null });
    expect((await getInstance(owner, "mod.test")).userData).toEqual({ isSet: false, fingerprint: null });
  });

  test("is refused while a job holds the instance, for what isn't theirs, and where it changes nothing", async () => {
    const id = await instance("held.test");
    await services.db.instance.update({ where: { id }, data: { lockedByJobId: 1 } });
    await expect(modify(owner, "held.test", { datasource: "ec2" })).rejects.toMatchObject({ code: "conflict" });
    await services.db.instance.update({ where: { id }, data: { lockedByJobId: null, ownerId: null } });
    await expect(modify(owner, "held.test", { datasource: "ec2" })).rejects.toMatchObject({ code: "unknown_object" });
    await expect(modify(admin, "held.test", {})).rejects.toMatchObject({ code: "invalid" });
  });

  test("of two at once one is refused or comes after, and nothing is lost", async () => {
    await instance("race.test");
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => modify(owner, "race.test", { datasource: n % 2 === 0 ? "ec2" : "none" })));
    const refused = results.filter(({ status }) => status === "rejected");
    for (const result of refused) expect(result).toMatchObject({ reason: { code: "conflict" } });
    expect(refused.length).toBeLessThan(6);
  });

  test("of NICs is for administrators", async () => {
    await instance("nics-owner.test");
    await expect(modify(owner, "nics-owner.test", { nics: [{ network: "lan" }] })).rejects.toMatchObject({ code: "not_allowed" });
  });

  test("moves addresses with the networks, keeps MACs, and keeps an address where nothing else is said", async () => {
    await instance("nics.test", { nics: [{ network: "lan" }, { network: "dmz" }, {}] });
    const before = await getInstance(admin, "nics.test");
    await modify(admin, "nics.test", { nics: [{ network: "lan", name: "front" }, { network: "wan", ip: "203.0.113.50" }, { forwards: [22, 443] }] });
    const after = await getInstance(admin, "nics.test");
    expect(after.nics.map(({ mac }) => mac)).toEqual(before.nics.map(({ mac }) => mac));
    expect(after.nics.map(({ ip }) => ip)).toEqual([before.nics[0]?.ip, "203.0.113.50", null]);
    expect(after.nics[0]).toMatchObject({ name: "front", network: "lan" });
    expect(after.nics[2]).toMatchObject({ forwards: [22, 443] });
    expect(await holderOf(services.db, "dmz", before.nics[1]?.ip ?? "")).toBeNull();
    expect(await holderOf(services.db, "wan", "203.0.113.50")).toBe("nics.test");
  });

  test("can change the addresses of two NICs over, add one and take one away", async () => {
    await instance("swap.test", { nics: [{ network: "wan", ip: "203.0.113.60" }, { network: "wan", ip: "203.0.113.61" }] });
    await modify(admin, "swap.test", { nics: [{ network: "wan", ip: "203.0.113.61" }, { network: "wan", ip: "203.0.113.60" }, { network: "dmz" }] });
    expect((await getInstance(admin, "swap.test")).nics.map(({ ip, mac }) => [ip, mac !== ""])).toEqual([["203.0.113.61", true], ["203.0.113.60", true], [expect.stringMatching(/^198\.51\.100\./), true]]);
    const added = (await getInstance(admin, "swap.test")).nics[2]?.ip ?? "";
    await modify(admin, "swap.test", { nics: [{ network: "wan" }] });
    expect(await nicsOf("swap.test")).toMatchObject([{ ip: "203.0.113.61" }]);
    expect(await holderOf(services.db, "wan", "203.0.113.60")).toBeNull();
    expect(await holderOf(services.db, "dmz", added)).toBeNull();
  });

  test("that is refused for one NIC changes none", async () => {
    await instance("atomic.test", { nics: [{ network: "wan", ip: "203.0.113.70" }, { network: "lan" }] });
    const before = await nicsOf("atomic.test");
    const { serialNo } = await getInstance(admin, "atomic.test");
    await expect(modify(admin, "atomic.test", { nics: [{}, { network: "wan", ip: "203.0.113.7" }] })).rejects.toMatchObject({ code: "conflict", field: "nics[1].ip" });
    await expect(modify(admin, "atomic.test", { nics: [{}, { mode: "bridged", link: "br9" }] })).rejects.toMatchObject({ code: "unsupported", field: "nics[1].link" });
    expect(await nicsOf("atomic.test")).toEqual(before);
    expect((await getInstance(admin, "atomic.test")).serialNo).toBe(serialNo);
    expect(await holderOf(services.db, "wan", "203.0.113.70")).toBe("atomic.test");
  });
});

test("a preview says that the communication mechanism has no address left, before anything is touched", async () => {
  const { db } = services;
  const failed = async (preview: Promise<InstallPreview>) => (await preview).checks.filter(({ ok }) => !ok).map(({ id, text }) => `${id}: ${text}`);
  const fill = (but: number) => db.$executeRaw`
    INSERT INTO network_address (network_id, "offset", note) SELECT n.id, r."offset", 'full' FROM network n, generate_series(0, 65535) AS r("offset")
    WHERE n.purpose = 'communication' AND r."offset" <> ${but} ON CONFLICT DO NOTHING`;
  await instance("foreseen.test", { node: "node1" });
  await fill(40_000);
  expect(await failed(previewCreate(admin, { osType: "testos+plain", node: "node1" }))).toEqual([]);
  expect(await failed(previewReinstall(admin, "foreseen.test", {}))).toEqual([]);
  await db.instance.update({ where: { name: "foreseen.test" }, data: { communication: true } });
  expect(await failed(previewReinstall(admin, "foreseen.test", {}))).toEqual(["channel: There is no free address left in network communication."]);
  await fill(-1);
  expect(await failed(previewCreate(admin, { osType: "testos+plain", node: "node1" }))).toEqual(["channel: There is no free address left in network communication."]);
  expect(await failed(previewCreate(admin, { osType: "testos+plain", node: "laptop" }))).toEqual([]);
  await db.networkAddress.deleteMany({ where: { note: "full" } });
});

test("every address of a network is one that a NIC shows, and the other way round", async () => {
  const nics = await services.db.instanceNic.findMany({ where: { networkId: { not: null } }, include: { instance: true, network: true } });
  for (const { ip, instance: { name }, network } of nics) expect(await holderOf(services.db, network?.name ?? "", ip ?? "")).toBe(name);
  expect(await services.db.networkAddress.count({ where: { nicId: { not: null } } })).toBe(nics.length);
});
