import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { setupContext } from "#lib/context/open-services.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster, writeAppliance } from "#lib/installs/testing.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { listAppliances } from "./list-appliances.ts";
import { registerAppliance } from "./register-appliance.ts";

let cluster: InstallCluster;
let setup: RequestContext;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
  setup = setupContext(cluster.services);
});
afterAll(() => cluster.close());

const folder = (name: string, what: { contract: number; root: boolean } = { contract: 2, root: true }) => writeAppliance(cluster.test.home, name, what);
const used = async () => (await getCluster(cluster.admin)).applianceDigest;

describe("an appliance that is registered", () => {
  it("is used once somebody says so, and told of with its contract", async () => {
    const before = await used();
    const own = await registerAppliance(setup, { directory: await folder("own") });
    expect(own).toMatchObject({ name: "own", isNew: true, inUse: false });
    expect(await used()).toBe(before);
    expect((await listAppliances(cluster.admin)).map(({ name, contractVersion, hasRoot, registeredBy, inUse }) => [name, contractVersion, hasRoot, registeredBy, inUse])).toEqual([
      ["own", 2, true, "the command line", false],
      ["test", 1, false, "the command line", true],
    ]);
    await modifyCluster(cluster.admin, { applianceDigest: own.digest });
    expect((await listAppliances(cluster.admin)).filter(({ inUse }) => inUse).map(({ name }) => name)).toEqual(["own"]);
    expect(await registerAppliance(setup, { directory: path.join(cluster.test.home, "appliance-own") })).toMatchObject({ isNew: false, inUse: true });
  });

  it("stays where set-up brings a shipped one, which replaces shipped ones alone", async () => {
    const before = await used();
    expect(await registerAppliance(setup, { directory: await folder("shipped-1"), shipped: true })).toMatchObject({ isNew: true, inUse: false });
    expect(await used()).toBe(before);
    const shipped = (await listAppliances(cluster.admin)).find(({ name }) => name === "shipped-1");
    await modifyCluster(cluster.admin, { applianceDigest: shipped?.digest });
    expect(await registerAppliance(setup, { directory: await folder("shipped-2"), shipped: true })).toMatchObject({ inUse: true });
  });

  it("has the digest that was named, files with theirs, and a contract that is known", async () => {
    const directory = await folder("wrong");
    const manifest = await readFile(path.join(directory, "manifest.json"));
    const digest = createHash("sha256").update(manifest).digest("hex");
    await expect(registerAppliance(setup, { directory, digest: "0".repeat(64) })).rejects.toMatchObject({ code: "invalid", field: "digest" });
    await writeFile(path.join(directory, "kernel"), "another kernel");
    await expect(registerAppliance(setup, { directory, digest })).rejects.toMatchObject({ code: "invalid", field: "digest" });
    await expect(registerAppliance(setup, { directory: await folder("future", { contract: 3, root: true }) })).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(/contract must be 1 or 2/) as unknown });
    await expect(registerAppliance(setup, { directory: path.join(cluster.test.home, "nothing") })).rejects.toMatchObject({ code: "invalid", field: "directory" });
    expect((await listAppliances(cluster.admin)).map(({ name }) => name)).not.toContain("wrong");
    await expect(modifyCluster(cluster.admin, { applianceDigest: digest })).rejects.toMatchObject({ code: "unknown_object" });
  });
});

describe("a rescue system", () => {
  it("runs in the place of the instance's own until a reboot, with an appliance that can be one", async () => {
    const name = "lost.example.test";
    await create(cluster.admin, newInstance(name));
    const old = (await listAppliances(cluster.admin)).find(({ contractVersion }) => contractVersion === 1);
    await modifyCluster(cluster.admin, { applianceDigest: old?.digest });
    await expect(setInstancePower(cluster.admin, name, { action: "rescue" })).rejects.toMatchObject({ code: "unsupported", field: "appliance" });
    const grown = (await listAppliances(cluster.admin)).find(({ contractVersion }) => contractVersion === 2);
    await modifyCluster(cluster.admin, { applianceDigest: grown?.digest });

    const { jobId } = await setInstancePower(cluster.admin, name, { action: "rescue", graceSeconds: 0 });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success", summary: [`INSTANCE_RESCUE(${name})`] });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ rescue: true, operState: "running", blockedActions: { rescue: "It runs its rescue system." } });
    await expect(setInstancePower(cluster.admin, name, { action: "start" })).rejects.toMatchObject({ code: "conflict" });

    await ended(cluster.admin, (await setInstancePower(cluster.admin, name, { action: "reboot", graceSeconds: 0 })).jobId);
    expect(await getInstance(cluster.admin, name)).toMatchObject({ rescue: false, status: "running" });
    expect(await cluster.services.db.auditEntry.count({ where: { action: "instance.rescue", outcome: "accepted" } })).toBe(1);
  });
});

describe("settings of the cluster", () => {
  it("have where private images may come from, and whether disks that go are overwritten", async () => {
    expect(await getCluster(cluster.admin)).toMatchObject({ mediumTimeoutSeconds: 7_200, privateSources: [], eraseDisks: false });
    const changed = await modifyCluster(cluster.admin, { mediumTimeoutSeconds: null, privateSources: ["mirror.example.test", "10.0.0.0/8", "10.0.0.0/8"], eraseDisks: true });
    expect(changed).toMatchObject({ mediumTimeoutSeconds: null, privateSources: ["mirror.example.test", "10.0.0.0/8"], eraseDisks: true });
    await expect(modifyCluster(cluster.admin, { privateSources: ["http://mirror/"] })).rejects.toMatchObject({ code: "invalid" });
    await expect(modifyCluster(cluster.admin, { mediumTimeoutSeconds: 5 })).rejects.toMatchObject({ code: "invalid", field: "mediumTimeoutSeconds" });
    await modifyCluster(cluster.admin, { mediumTimeoutSeconds: 7_200, privateSources: [], eraseDisks: false });
  });
});
