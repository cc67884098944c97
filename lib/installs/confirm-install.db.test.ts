import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { createInstanceInputSchema } from "#lib/instances/schemas.ts";
import { confirmInstall } from "./confirm-install.ts";
import type { InstallCluster } from "./testing.ts";
import { create, ended, newInstance, openInstallCluster } from "./testing.ts";

let cluster: InstallCluster;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
});
afterAll(() => cluster.close());

/** An image that configures itself at its first boot, and never says so. */
const silent = (name: string, owner: string) =>
  createInstanceInputSchema.parse({ name, owner, osType: null, memoryMib: 256, disks: [{ sizeMib: 1_024 }], image: { location: "https://images.example.test/a.img", format: "raw", compression: "none", checksum: null }, confirmsFirstBoot: true });

describe("the wait for a first boot's report", () => {
  it("is ended by the instance's owner, and the install says that it was done", async () => {
    const olga = contextOf(cluster.services, await insertUser(cluster.services, { name: "olga", role: "owner" }));
    const sam = contextOf(cluster.services, await insertUser(cluster.services, { name: "sam", role: "owner" }));
    const { jobId, installId } = await createInstance(cluster.admin, silent("stays-silent.example.test", "olga"));
    const id = installId ?? "";
    const { db } = cluster.services;
    await expect.poll(async () => (await db.install.findUniqueOrThrow({ where: { id } })).state, { timeout: 15_000 }).toBe("starting");
    await expect(confirmInstall(sam, id)).rejects.toMatchObject({ code: "unknown_object" });
    expect(await confirmInstall(olga, id)).toMatchObject({ id });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
    expect(await db.install.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: "done" });
    expect(await db.auditEntry.findFirst({ where: { action: "install.confirm", outcome: "done" } })).toMatchObject({ actor: "olga", objectName: id });
    await expect(confirmInstall(olga, id)).rejects.toMatchObject({ code: "conflict", message: "The install has ended." });
  });

  it("isn't there for an install that ends otherwise", async () => {
    const { jobId, installId } = await createInstance(cluster.admin, newInstance("hangs.example.test"));
    const { db } = cluster.services;
    await expect.poll(async () => (await db.install.findUniqueOrThrow({ where: { id: installId ?? "" } })).acknowledged, { timeout: 15_000 }).toBe(true);
    await expect(confirmInstall(cluster.admin, installId ?? "")).rejects.toMatchObject({ code: "conflict", message: "The install doesn't wait for a system to say that it works." });
    await expect(confirmInstall(cluster.admin, "nonsense")).rejects.toMatchObject({ code: "unknown_object" });
    expect(jobId).toBeGreaterThan(0);
  });

  it("leaves others as they are", async () => {
    expect(await create(cluster.admin, newInstance("plain.example.test"))).toMatchObject({ status: "success" });
  });
});
