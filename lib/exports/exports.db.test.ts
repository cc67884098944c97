import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { registerAppliance } from "#lib/appliances/register-appliance.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { setupContext } from "#lib/context/open-services.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { addAgent, create, ended, newInstance, openInstallCluster, registerTestDefinition, until, writeAppliance } from "#lib/installs/testing.ts";
import { EXPORTS_PER_INSTANCE } from "#lib/domain/export-views.ts";
import { importInputSchema } from "#lib/instances/change-schemas.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { exportInstance } from "#lib/instances/export-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { importInstance } from "#lib/instances/import-instance.ts";
import { renameInstance } from "#lib/instances/rename-instance.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { bringExportFiles } from "./bring-files.ts";
import { deleteExport } from "./delete-export.ts";
import { getExport } from "./get-export.ts";
import { listExports } from "./list-exports.ts";

let cluster: InstallCluster;
let second: SimulatedAgent;
let secondNodeId: string;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
  const { services, test, admin } = cluster;
  await addAgent(services, "node2", async (options) => (second = await startSimulatedAgent(options)));
  secondNodeId = (await services.db.node.findUniqueOrThrow({ where: { name: "node2" } })).id;
  await registerTestDefinition(test, "testos", { scripts: ["create", "export", "import", "rename"] });
  const { digest } = await registerAppliance(setupContext(services), { directory: await writeAppliance(test.home, "grown", { contract: 2, root: true }) });
  await modifyCluster(admin, { applianceDigest: digest });
  await vi.waitUntil(async () => (await services.db.node.count({ where: { state: "online" } })) === 2, { timeout: 20_000 });
});
afterAll(async () => {
  await cluster.close();
  await second.close();
});

/** An instance of the first node, which keeps its exports. */
const onFirst = (name: string, change: Record<string, unknown> = {}) => newInstance(name, { node: "node1", ...change });

async function exported(name: string): Promise<string> {
  const { jobId, exportId } = await exportInstance(cluster.admin, name);
  expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success", opResult: [exportId] });
  return exportId ?? "";
}
const VALUES = { private: { admin_password: "admin-canary-9" }, secret: { root_password: "root-canary-9" } };
const importAs = (exportId: string, name: string, change: Record<string, unknown> = {}) => importInstance(cluster.admin, importInputSchema.parse({ exportId, name, parameters: VALUES, ...change }));
const filesOnSecond = async (exportId: string): Promise<string> => {
  const client = await cluster.services.agents.client(secondNodeId);
  return client.readExportFile(exportId, "disk-0.dump").then(async ({ bytes }) => {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    return Buffer.concat(parts).toString();
  }, () => "none");
};

describe("an export", () => {
  it("has a manifest with what is needed to make the instance again, and no private or secret value", async () => {
    const name = "told.example.test";
    await create(cluster.admin, onFirst(name, { osType: "testos+full", tags: ["a"], parameters: { public: { suffix: ".told.test" }, private: { admin_password: "told-private-canary" }, secret: { root_password: "told-secret-canary" } } }));
    const before = await getInstance(cluster.admin, name);
    const id = await exported(name);
    const view = await getExport(cluster.admin, id);
    expect(view).toMatchObject({
      id, instanceName: name, node: "node1", owner: "admin", createdBy: "admin", osType: "testos+full",
      manifest: {
        format: "slipway-export/1",
        instance: { id: before.id, name, memoryMib: 256, tags: ["a"], disks: [{ index: 0, sizeMib: 1_024 }] },
        os: { osType: "testos+full", version: 2 },
        parameters: [
          { name: "admin_password", visibility: "private", fingerprint: expect.stringMatching(/^k1:/) as unknown },
          { name: "root_password", visibility: "secret" },
          { name: "suffix", visibility: "public", value: ".told.test" },
        ],
        files: [{ index: 0, name: "disk-0.dump", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown }],
      },
    });
    expect(view.sizeBytes).toBe(view.manifest.files[0]?.bytes);
    const stored = JSON.stringify((await cluster.services.db.instanceExport.findMany()).map(({ manifest }) => manifest));
    expect(stored).not.toContain("told-private-canary");
    expect(stored).not.toContain("told-secret-canary");
    // The instance is as it was.
    expect(await getInstance(cluster.admin, name)).toMatchObject({ status: "running", previous: null, parameters: before.parameters });
  });

  it("is listed to its owner and administrators, a page at a time", async () => {
    const owner = await insertUser(cluster.services, { name: "olga", role: "owner" });
    const [mine, stranger] = [contextOf(cluster.services, owner), contextOf(cluster.services, await insertUser(cluster.services, { name: "sam", role: "owner" }))];
    for (const name of ["listed-1.example.test", "listed-2.example.test"]) {
      await create(cluster.admin, onFirst(name, { owner: "olga" }));
      const { jobId } = await exportInstance(mine, name);
      await ended(cluster.admin, jobId);
    }
    const first = await listExports(mine, { limit: 1 });
    expect(first.items.map(({ instanceName }) => instanceName)).toEqual(["listed-2.example.test"]);
    const next = await listExports(mine, { limit: 1, cursor: first.nextCursor ?? "" });
    expect(next.items.map(({ instanceName }) => instanceName)).toEqual(["listed-1.example.test"]);
    expect((await listExports(stranger, {})).items).toEqual([]);
    const id = first.items[0]?.id ?? "";
    await expect(getExport(stranger, id)).rejects.toMatchObject({ code: "unknown_object" });
    await expect(deleteExport(stranger, id)).rejects.toMatchObject({ code: "unknown_object" });
    await deleteExport(mine, id);
    await expect(getExport(mine, id)).rejects.toMatchObject({ code: "unknown_object" });
    expect(await cluster.services.db.auditEntry.count({ where: { action: "export.delete", objectName: id, outcome: "done" } })).toBe(1);
  });

  it("whose script fails leaves no export and the instance as it was", async () => {
    const name = "later-broken.example.test";
    await create(cluster.admin, onFirst(name));
    // By its name the simulated agent knows what is to happen.
    await cluster.services.db.instance.update({ where: { name }, data: { name: "fails-2.example.test" } });
    const { jobId, exportId } = await exportInstance(cluster.admin, "fails-2.example.test");
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "error", error: { code: "script_failed" } });
    await expect(getExport(cluster.admin, exportId ?? "")).rejects.toMatchObject({ code: "unknown_object" });
    expect(await getInstance(cluster.admin, "fails-2.example.test")).toMatchObject({ status: "running", lockedByJobId: null });
  });

  it("is one of so many at the most: they stay on the node until somebody deletes one", async () => {
    const name = "hoards.example.test";
    await create(cluster.admin, onFirst(name));
    const first = await exported(name);
    const { db } = cluster.services;
    const row = await db.instanceExport.findUniqueOrThrow({ where: { id: first } });
    const others = Array.from({ length: EXPORTS_PER_INSTANCE - 1 }, () => ({ ...row, id: crypto.randomUUID(), manifest: row.manifest ?? {} }));
    await db.instanceExport.createMany({ data: others });
    await expect(exportInstance(cluster.admin, name)).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/delete one first/) as unknown });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ lockedByJobId: null });
    await deleteExport(cluster.admin, first);
    await exported(name);
    await db.instanceExport.deleteMany({ where: { instanceName: name } });
  });

  it("needs a definition that has the script", async () => {
    await registerTestDefinition(cluster.test, "plainos", {});
    await create(cluster.admin, onFirst("scriptless.example.test", { osType: "plainos+plain" }));
    await expect(exportInstance(cluster.admin, "scriptless.example.test")).rejects.toMatchObject({ code: "unsupported", message: "OS definition plainos has no export script." });
  });
});

describe("an import", () => {
  it("on another node has the export's hardware and public parameters, and leaves no file there", async () => {
    await create(cluster.admin, onFirst("origin.example.test", { tags: ["b"], parameters: { ...VALUES, public: { suffix: ".origin.test" } } }));
    const id = await exported("origin.example.test");
    const { jobId } = await importAs(id, "copy.example.test", { node: "node2" });
    const job = await ended(cluster.admin, jobId);
    expect(job).toMatchObject({ status: "success" });
    expect(job.log.map(({ message }) => message)).toContain("* bringing disk-0.dump of the export from node node1...");
    const [origin, copy] = [await getInstance(cluster.admin, "origin.example.test"), await getInstance(cluster.admin, "copy.example.test")];
    expect(copy).toMatchObject({ node: "node2", status: "running", osType: "testos+plain", memoryMib: 256, tags: ["b"], diskMib: 1_024 });
    expect(copy.parameters.find(({ name }) => name === "suffix")).toMatchObject({ value: ".origin.test" });
    expect(copy.nics[0]?.mac).not.toBe(origin.nics[0]?.mac);
    await expect.poll(() => filesOnSecond(id), { timeout: 10_000 }).toBe("none");
    expect((await getExport(cluster.admin, id)).node).toBe("node1");
  });

  it("on the node that keeps the export leaves it there", async () => {
    await create(cluster.admin, onFirst("stays.example.test"));
    const id = await exported("stays.example.test");
    for (const name of ["stays-2.example.test", "stays-3.example.test"]) expect(await ended(cluster.admin, (await importAs(id, name, { node: "node1" })).jobId)).toMatchObject({ status: "success" });
  });

  it("that fails leaves the instance to be deleted or installed, and no file on its node", async () => {
    await create(cluster.admin, onFirst("good.example.test"));
    const id = await exported("good.example.test");
    expect(await ended(cluster.admin, (await importAs(id, "fails-3.example.test", { node: "node2" })).jobId)).toMatchObject({ status: "error", error: { code: "script_failed" } });
    expect(await getInstance(cluster.admin, "fails-3.example.test")).toMatchObject({ status: "install_failed", lockedByJobId: null });
    await expect.poll(() => filesOnSecond(id), { timeout: 10_000 }).toBe("none");
  });

  it("holds its export until it has ended", async () => {
    await create(cluster.admin, onFirst("held.example.test"));
    const id = await exported("held.example.test");
    const { jobId } = await importAs(id, "hangs-on.example.test", { node: "node2" });
    await until(cluster.admin, jobId, (job) => job.status === "running");
    await expect(deleteExport(cluster.admin, id)).rejects.toMatchObject({ code: "conflict", message: `Job ${jobId} is importing it.` });
    await cancelJob(cluster.admin, jobId);
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "canceled" });
    await expect.poll(() => filesOnSecond(id), { timeout: 10_000 }).toBe("none");
    await deleteExport(cluster.admin, id);
  });

  it("brings no byte where it was cancelled before its node could be asked", async () => {
    await create(cluster.admin, onFirst("early.example.test"));
    const id = await exported("early.example.test");
    const { jobId } = await importAs(id, "hangs-early.example.test", { node: "node2" });
    await until(cluster.admin, jobId, (job) => job.status === "running");
    await cancelJob(cluster.admin, jobId);
    await ended(cluster.admin, jobId);
    await expect.poll(() => filesOnSecond(id), { timeout: 10_000 }).toBe("none");
    const { services } = cluster;
    const { manifest: { files } } = await getExport(cluster.admin, id);
    await expect(bringExportFiles(services, { jobId, exportId: id, nodeId: secondNodeId, files }, new AbortController().signal)).rejects.toMatchObject({ code: "cancelled" });
    expect((await getJob(cluster.admin, jobId)).log.filter(({ message }) => message.includes("disk-0.dump"))).toHaveLength(1);
  });

  it("asks for what an export doesn't have, by name, and is for administrators", async () => {
    await create(cluster.admin, onFirst("asks.example.test"));
    const id = await exported("asks.example.test");
    await expect(importAs(id, "asks-2.example.test", { parameters: {} })).rejects.toMatchObject({ code: "missing_secret", names: ["admin_password", "root_password"] });
    await expect(importAs(id, "asks.example.test")).rejects.toMatchObject({ code: "exists", field: "name" });
    await expect(importAs(crypto.randomUUID(), "asks-3.example.test")).rejects.toMatchObject({ code: "unknown_object" });
    const owner = contextOf(cluster.services, await insertUser(cluster.services, { name: "importer", role: "owner" }));
    await expect(importInstance(owner, importInputSchema.parse({ exportId: id, name: "asks-4.example.test", parameters: VALUES }))).rejects.toMatchObject({ code: "not_allowed" });
    expect(await cluster.services.db.instance.count({ where: { name: { startsWith: "asks-" } } })).toBe(0);
  });
});

describe("a rename", () => {
  it("gives the name once the script has said that it worked; jobs and audit keep the old one", async () => {
    await create(cluster.admin, onFirst("old.example.test"));
    const before = await getInstance(cluster.admin, "old.example.test");
    const { jobId, installId } = await renameInstance(cluster.admin, "old.example.test", { newName: "new.example.test" });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success", instanceName: "old.example.test", opResult: ["new.example.test"] });
    await expect(getInstance(cluster.admin, "old.example.test")).rejects.toMatchObject({ code: "unknown_object" });
    const after = await getInstance(cluster.admin, "new.example.test");
    expect(after).toMatchObject({ id: before.id, status: "running", parameters: before.parameters, previous: { keptAs: installId } });
    expect(await cluster.services.db.auditEntry.findFirst({ where: { action: "instance.rename", objectName: "old.example.test" } })).toMatchObject({ details: { newName: "new.example.test" } });
  });

  it("that fails leaves the name", async () => {
    await create(cluster.admin, onFirst("keeps.example.test"));
    const { jobId } = await renameInstance(cluster.admin, "keeps.example.test", { newName: "fails-1.example.test" });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "error" });
    expect(await getInstance(cluster.admin, "keeps.example.test")).toMatchObject({ status: "running", lockedByJobId: null });
  });

  it("is refused where the name is taken, or is about to be", async () => {
    await create(cluster.admin, onFirst("taken.example.test"));
    await create(cluster.admin, onFirst("wants.example.test"));
    await expect(renameInstance(cluster.admin, "wants.example.test", { newName: "taken.example.test" })).rejects.toMatchObject({ code: "exists" });
    await expect(renameInstance(cluster.admin, "wants.example.test", { newName: "wants.example.test" })).rejects.toMatchObject({ code: "invalid", field: "newName" });
    const { jobId } = await renameInstance(cluster.admin, "wants.example.test", { newName: "hangs-for-a-name.example.test" });
    await expect(renameInstance(cluster.admin, "taken.example.test", { newName: "hangs-for-a-name.example.test" })).rejects.toMatchObject({ code: "conflict", field: "newName", message: "Another instance is just being given the name hangs-for-a-name.example.test." });
    await expect(createInstance(cluster.admin, onFirst("hangs-for-a-name.example.test"))).rejects.toMatchObject({ code: "conflict", field: "name" });
    await cancelJob(cluster.admin, jobId);
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "canceled" });
    expect(await getInstance(cluster.admin, "wants.example.test")).toMatchObject({ status: "running" });
  });
});
