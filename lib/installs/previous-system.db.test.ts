import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { setTrust } from "#lib/os-definitions/set-trust.ts";
import { getInstall } from "./get-install.ts";
import type { InstallIds, OrderBench } from "./testing-orders.ts";
import { openOrderBench } from "./testing-orders.ts";
import { failInstall, failedWith } from "./fail-install.ts";
import { registerTestDefinition } from "./testing.ts";

let bench: OrderBench;
beforeAll(async () => {
  bench = await openOrderBench(startSimulatedAgent);
});
afterAll(() => bench.cluster.close());
beforeEach(() => bench.nodeIs());

const secret = { root_password: "root-canary-2" };
const reinstall = async (name: string, input: Record<string, unknown> = {}): Promise<InstallIds> =>
  bench.sendOut(await reinstallInstance(bench.admin, name, reinstallInputSchema.parse({ parameters: { secret }, ...input })));
const hostKeys = (instanceId: string, letter: string) => ({ type: "instance.host-keys", instanceId, keys: [{ type: "ssh-ed25519", key: `AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}` }] });
const shownKeys = async (name: string) => ((await getInstance(bench.admin, name)).hostKeys ?? []).map(({ key }) => key.at(-1));
const previousOf = (instanceId: string) => bench.services.db.previousSystem.findUnique({ where: { instanceId }, include: { parameters: { orderBy: { name: "asc" } } } });

describe("the system that a reinstall replaces", () => {
  let first: InstallIds;
  let second: InstallIds;

  it("is kept with all that is known of it, its private values as they were encrypted", async () => {
    const { db } = bench.services;
    first = await bench.create("web.test");
    await bench.done(first);
    await bench.event(hostKeys(first.instanceId, "A"));
    const before = await db.instanceParameter.findMany({ where: { instanceId: first.instanceId }, orderBy: { name: "asc" } });
    second = await reinstall("web.test", { osType: "testos+full", image: { location: "https://images.test/a.img", format: "raw" }, parameters: { private: { admin_password: "admin-canary-2" }, secret } });
    expect(await previousOf(first.instanceId)).toBeNull();
    await bench.says(second, "starting");
    await bench.event(hostKeys(first.instanceId, "B"));
    await bench.says(second, "done");
    const kept = await previousOf(first.instanceId);
    expect(kept).toMatchObject({ keptAs: second.installId, variant: "plain", installSource: {}, installState: "done", installId: first.installId });
    expect(JSON.stringify(kept?.hostKeys)).toContain("AAAAAAAAAA");
    expect(kept?.parameters.map(({ name, privateValue, publicValue }) => [name, privateValue, publicValue])).toEqual(before.map(({ name, privateValue, publicValue }) => [name, privateValue, publicValue]));
    const week = 7 * 86_400_000;
    expect(Math.abs((kept?.until.getTime() ?? 0) - Date.now() - week)).toBeLessThan(60_000);
    expect(await getInstance(bench.admin, "web.test")).toMatchObject({ osType: "testos+full", previous: { osType: "testos+plain" }, installSource: { image: { location: "https://images.test/a.img" } } });
    expect(await shownKeys("web.test")).toEqual(["B"]);
  });

  it("stays the one to go back to where another reinstall fails, and has its host keys again", async () => {
    const third = await reinstall("web.test");
    await bench.says(third, "starting");
    expect(await shownKeys("web.test")).toEqual([]);
    await bench.says(third, "failed", { committed: false });
    expect(await shownKeys("web.test")).toEqual(["B"]);
    expect(await previousOf(first.instanceId)).toMatchObject({ keptAs: second.installId });
    expect(await getInstance(bench.admin, "web.test")).toMatchObject({ status: "running", osType: "testos+full" });
  });

  it("gives way to the next one, and nothing is kept where the cluster keeps none", async () => {
    const next = await reinstall("web.test");
    await bench.done(next);
    expect(await previousOf(first.instanceId)).toMatchObject({ keptAs: next.installId, variant: "full", installId: second.installId });
    await modifyCluster(bench.admin, { diskRetentionSeconds: 0 });
    await bench.done(await reinstall("web.test"));
    expect(await previousOf(first.instanceId)).toMatchObject({ keptAs: next.installId });
    await modifyCluster(bench.admin, { diskRetentionSeconds: 600 });
  });

  it("is kept as well where word of the success comes after the install was given up", async () => {
    const late = await reinstall("web.test", { osType: "testos+plain" });
    await failInstall(bench.services, late.installId, failedWith("node_unreachable", "no answer"));
    expect(await previousOf(first.instanceId)).not.toMatchObject({ keptAs: late.installId });
    await bench.says(late, "done");
    expect(await previousOf(first.instanceId)).toMatchObject({ keptAs: late.installId, variant: "full" });
    expect(await getInstance(bench.admin, "web.test")).toMatchObject({ osType: "testos+plain" });
  });

  it("isn't there after a creation", async () => {
    const ids = await bench.create("new.test");
    await bench.done(ids);
    expect(await previousOf(ids.instanceId)).toBeNull();
  });
});

describe("an install in place", () => {
  it("is what a request without room is told of, and has room", async () => {
    const ids = await bench.create("full.test");
    await bench.done(ids);
    await bench.nodeIs({ diskFreeMib: 500 });
    await expect(reinstall("full.test")).rejects.toMatchObject({ code: "no_room", message: expect.stringContaining("With inPlace the first disk itself is written to") as unknown });
    const order = bench.orders.get((await reinstall("full.test", { inPlace: true })).installId);
    expect(order).toMatchObject({ inPlace: true, retainPreviousSeconds: 0 });
  });

  it("that fails before it has written leaves the instance as it was, and after it install failed", async () => {
    const { db } = bench.services;
    const ids = await bench.create("place.test");
    await bench.done(ids);
    await bench.says(await reinstall("place.test", { inPlace: true }), "failed", { committed: false });
    expect(await db.instance.findUniqueOrThrow({ where: { id: ids.instanceId } })).toMatchObject({ installState: "done", adminState: "running" });
    const spoilt = await reinstall("place.test", { inPlace: true });
    await bench.says(spoilt, "cancelled", { committed: false, overwritten: true });
    expect(await getInstance(bench.admin, "place.test")).toMatchObject({ status: "install_failed", adminState: "stopped" });
    expect(await getInstall(bench.admin, spoilt.installId)).toMatchObject({ overwritten: true, state: "cancelled" });
    // The disk that is spoilt is still there to be written to.
    await bench.nodeIs({ diskFreeMib: 500 });
    expect(bench.orders.get((await reinstall("place.test", { inPlace: true })).installId)).toMatchObject({ inPlace: true });
  });
});

describe("room", () => {
  it("that an install under way still needs isn't given to another one", async () => {
    for (const name of ["one.test", "two.test"]) await bench.done(await bench.create(name, { disks: [{ sizeMib: 1_024 }, { sizeMib: 4_096 }] }));
    await bench.services.db.install.updateMany({ data: { state: "done" }, where: { state: { in: ["queued", "preparing"] } } });
    await bench.nodeIs({ diskFreeMib: 2_000 });
    const under = await reinstall("one.test");
    await expect(reinstall("two.test")).rejects.toMatchObject({ code: "no_room", message: expect.stringContaining("Node node1 has 976 MiB of disk free; 1024 MiB are needed.") as unknown });
    await expect(bench.create("three.test", { node: undefined })).rejects.toMatchObject({ code: "no_room" });
    // It has written all that it will.
    await bench.says(under, "verifying");
    await reinstall("two.test");
  });
});

describe("what a node says of an install", () => {
  it("is kept: each stage once with its time, what it was made of, and whether its system has reported", async () => {
    const ids = await bench.create("stages.test", { osType: null, parameters: {}, image: { location: "https://images.test/a.img", format: "raw" }, confirmsFirstBoot: true });
    const image = { sha256: "a".repeat(64), bytes: 5, writtenSha256: "b".repeat(64), virtualBytes: 9 };
    await bench.says(ids, "imaging");
    await bench.says(ids, "imaging", { facts: { image, package: null, media: [], files: [] } });
    await bench.says(ids, "starting", { facts: { image, package: null, media: [], files: [] } });
    await bench.says(ids, "done", { confirmed: false, facts: { image, package: null, media: [], files: [] } });
    const install = await getInstall(bench.admin, ids.installId);
    expect(install).toMatchObject({ state: "done", confirmed: false, facts: { image }, hasReceipt: expect.any(Boolean) as unknown, plan: { completion: "first_boot", timeoutSeconds: 7_200 } });
    expect(install.stages.map(({ state }) => state)).toEqual(["preparing", "imaging", "starting"]);
    const times = install.stages.map(({ at }) => at);
    expect(times.slice(1)).toEqual(times.slice(1).toSorted());
    expect(times[1]).toMatch(/^2026-01-01T/);
  });
});

describe("a script on the host", () => {
  it("brings the definition's whole folder as one content, the same each time", async () => {
    const { db, config } = bench.services;
    await registerTestDefinition(bench.cluster.test, "hostos", { hostHalf: true });
    const { currentVersion } = await db.osDefinition.findUniqueOrThrow({ where: { name: "hostos" }, include: { currentVersion: true } });
    await setTrust(bench.admin, "hostos", { trusted: true, digest: currentVersion?.digest ?? "", reason: "read", updates: false });
    await bench.nodeIs({ runsHostScripts: true });
    const order = bench.orders.get((await bench.create("host.test", { osType: "hostos+plain" })).installId);
    const digest = order?.os?.hostDigest ?? "";
    expect(order?.os).toMatchObject({ places: ["host", "appliance"], script: "create" });
    expect(bench.pushed).toContain(digest);
    const tar = await readFile(path.join(config.paths.blobs, digest));
    expect(createHash("sha256").update(tar).digest("hex")).toBe(digest);
    for (const name of ["create\0", "untrusted/create\0", "ganeti_api_version\0", "slipway.json\0"]) expect(tar.includes(name), name).toBe(true);
    expect(bench.orders.get((await bench.create("host-2.test", { osType: "hostos+full" })).installId)?.os?.hostDigest).toBe(digest);
    const untrusted = bench.orders.get((await bench.create("other.test")).installId);
    expect(untrusted?.os?.hostDigest).toBeNull();
  });
});
