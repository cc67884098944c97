import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { SNAPSHOTS_PER_INSTANCE } from "#lib/domain/snapshot-views.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { deleteSnapshot } from "./delete-snapshot.ts";
import { listSnapshots } from "./list-snapshots.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { createSnapshotInputSchema } from "./schemas.ts";

let cluster: InstallCluster;
let agent: SimulatedAgent;
beforeAll(async () => {
  cluster = await openInstallCluster(async (options) => (agent = await startSimulatedAgent(options)));
});
afterAll(() => cluster.close());

const stopped = (name: string) => create(cluster.admin, newInstance(name, { start: false, disks: [{ sizeMib: 1_024 }, { sizeMib: 512 }] }));
const take = async (name: string, snapshot: string, disks?: number[]) => ended(cluster.admin, (await createSnapshot(cluster.admin, name, { name: snapshot, ...(disks === undefined ? {} : { disks }) })).jobId);

describe("a snapshot", () => {
  it("is there with its size once the node has made it, can be restored, and removed", async () => {
    const name = "shot.example.test";
    const { installId: first } = await stopped(name);
    expect(await take(name, "before")).toMatchObject({ status: "success", summary: [`INSTANCE_SNAPSHOT(${name})`] });
    const [snapshot, ...others] = await listSnapshots(cluster.admin, name);
    expect(others).toEqual([]);
    expect(snapshot).toMatchObject({ name: "before", disks: [{ index: 0, sizeMib: 1_024 }, { index: 1, sizeMib: 512 }], usedMib: expect.any(Number) as unknown, createdBy: "admin" });

    const { jobId } = await reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({ parameters: { secret: { root_password: "root-canary-2" } } }));
    await ended(cluster.admin, jobId);
    const { id } = await cluster.services.db.instance.findUniqueOrThrow({ where: { name } });
    expect(agent.systemOf(id)).not.toBe(first);
    expect(await ended(cluster.admin, (await restoreSnapshot(cluster.admin, name, "before")).jobId)).toMatchObject({ status: "success" });
    expect(agent.systemOf(id)).toBe(first);

    expect(await ended(cluster.admin, (await deleteSnapshot(cluster.admin, name, "before")).jobId)).toMatchObject({ status: "success" });
    expect(await listSnapshots(cluster.admin, name)).toEqual([]);
    await expect(restoreSnapshot(cluster.admin, name, "before")).rejects.toMatchObject({ code: "unknown_object" });
  });

  it("is of the disks that are named", async () => {
    const name = "one-disk.example.test";
    await stopped(name);
    await take(name, "data", [1]);
    expect(await listSnapshots(cluster.admin, name)).toMatchObject([{ disks: [{ index: 1, sizeMib: 512 }] }]);
    await expect(createSnapshot(cluster.admin, name, { name: "more", disks: [2] })).rejects.toMatchObject({ code: "invalid", field: "disks" });
  });

  it("is refused while the instance runs; an older one can be removed all the same", async () => {
    const name = "runs.example.test";
    await stopped(name);
    await take(name, "older");
    await ended(cluster.admin, (await setInstancePower(cluster.admin, name, { action: "start" })).jobId);
    await expect(createSnapshot(cluster.admin, name, { name: "live" })).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/It is running\./) as unknown });
    await expect(restoreSnapshot(cluster.admin, name, "older")).rejects.toMatchObject({ code: "conflict" });
    expect(await ended(cluster.admin, (await deleteSnapshot(cluster.admin, name, "older")).jobId)).toMatchObject({ status: "success" });
  });

  it("has a name that no other of the instance has, and there are so many at the most", async () => {
    const name = "many.example.test";
    await stopped(name);
    await take(name, "same");
    await expect(createSnapshot(cluster.admin, name, { name: "same" })).rejects.toMatchObject({ code: "exists", field: "name" });
    const { db } = cluster.services;
    const { id: instanceId } = await db.instance.findUniqueOrThrow({ where: { name } });
    await db.diskSnapshot.createMany({ data: Array.from({ length: SNAPSHOTS_PER_INSTANCE - 1 }, (_, index) => ({ id: crypto.randomUUID(), instanceId, name: `n${index}`, disks: [], usedMib: 1, createdBy: "test" })) });
    await expect(createSnapshot(cluster.admin, name, { name: "one-too-many" })).rejects.toMatchObject({ code: "conflict" });
    expect(await listSnapshots(cluster.admin, name)).toHaveLength(SNAPSHOTS_PER_INSTANCE);
  });

  it("that the node doesn't make leaves no row, and its name free", async () => {
    const name = "unmade.example.test";
    await stopped(name);
    // The node says no: as far as it knows, the instance runs.
    const { db } = cluster.services;
    await ended(cluster.admin, (await setInstancePower(cluster.admin, name, { action: "start" })).jobId);
    await db.instance.update({ where: { name }, data: { operState: "stopped" } });
    expect(await take(name, "unmade")).toMatchObject({ status: "error", error: { code: "node_refused" } });
    expect(await listSnapshots(cluster.admin, name)).toEqual([]);
  });

  it("goes with its instance", async () => {
    const name = "deleted.example.test";
    await stopped(name);
    await take(name, "last");
    await ended(cluster.admin, (await deleteInstance(cluster.admin, name)).jobId);
    expect(await cluster.services.db.diskSnapshot.count({ where: { name: "last" } })).toBe(0);
  });
});

describe("a snapshot's name", () => {
  it.each(["a", "before-upgrade", "v1.2_3"])("may be %s", (name) => {
    expect(createSnapshotInputSchema.safeParse({ name }).success).toBe(true);
  });
  it.each(["", "Upper", "../x", "a/b", "-x", "x.", "a b", "x".repeat(64)])("may not be %j", (name) => {
    expect(createSnapshotInputSchema.safeParse({ name }).success).toBe(false);
  });
  it("comes with disks that are named once", () => {
    expect(createSnapshotInputSchema.safeParse({ name: "a", disks: [0, 0] }).success).toBe(false);
  });
});
