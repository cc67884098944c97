import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import { ACTIVE_STATES, FINAL_STATES } from "#lib/domain/install-states.ts";
import type { InstanceStatus } from "#lib/domain/instance.ts";
import { listInstalls } from "#lib/installs/list-installs.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { countInstances } from "./count-instances.ts";
import { createInstance } from "./create-instance.ts";
import { deleteInstance } from "./delete-instance.ts";
import { getInstance } from "./get-instance.ts";
import { listInstances } from "./list-instances.ts";
import { previewCreate } from "./preview-create.ts";
import { reinstallInstance } from "./reinstall-instance.ts";
import { reinstallInputSchema } from "./schemas.ts";
import { setInstancePower } from "./set-instance-power.ts";

let cluster: InstallCluster;
let owner: RequestContext;
let stranger: RequestContext;
let rapi: RequestContext;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
  owner = contextOf(cluster.services, await insertUser(cluster.services, { name: "olga", role: "owner" }));
  stranger = contextOf(cluster.services, await insertUser(cluster.services, { name: "sven", role: "owner" }));
  rapi = { ...cluster.admin, interface: "rapi" };
  await create(cluster.admin, newInstance("mine.example.test", { owner: "olga" }));
});
afterAll(() => cluster.close());

describe("a creation is refused before anything is stored", () => {
  it.each<[string, Record<string, unknown>, object]>([
    ["an unknown definition", { osType: "nosuch" }, { code: "unknown_object", field: "osType" }],
    ["an unknown variant", { osType: "testos+nosuch" }, { code: "unknown_object", field: "osType" }],
    ["no definition", { osType: null }, { code: "invalid", field: "osType" }],
    ["an unknown node", { node: "nosuch" }, { code: "unknown_object", field: "node" }],
    ["an unknown owner", { owner: "nosuch" }, { code: "unknown_object", field: "owner" }],
    ["a name that is taken", { name: "mine.example.test" }, { code: "exists", field: "name" }],
    ["a disk too small", { disks: [{ sizeMib: 100 }] }, { code: "disk_too_small", field: "disks[0].sizeMib" }],
    ["no disk", { disks: [] }, { code: "invalid", field: "disks" }],
    ["more than any node has", { memoryMib: 1_000_000 }, { code: "no_room", field: "node" }],
    ["an unknown parameter", { parameters: { public: { nosuch: "x" }, secret: { root_password: "secret-1" } } }, { code: "unknown_parameter", field: "osparams.nosuch" }],
    ["a parameter in too low a class", { parameters: { public: { root_password: "secret-1" } } }, { code: "visibility_too_low", field: "osparams.root_password" }],
    ["a missing parameter", { parameters: {} }, { code: "missing_parameter", field: "osparams.root_password" }],
  ])("for %s", async (_, change, error) => {
    const before = await cluster.services.db.job.count();
    await expect(createInstance(cluster.admin, newInstance("new.example.test", change))).rejects.toMatchObject(error);
    expect(await cluster.services.db.job.count()).toBe(before);
    expect(await cluster.services.db.instance.count({ where: { name: "new.example.test" } })).toBe(0);
    expect(cluster.services.vault.jobIds()).toEqual([]);
  });
});

it("values too short to be replaced in a log are named in the answer and in the job's log", async () => {
  const accepted = await createInstance(cluster.admin, newInstance("short.example.test", { parameters: { secret: { root_password: "abc" } } }));
  expect(accepted.warnings).toEqual(["Values with fewer than 6 characters can't be replaced in the install's log: root_password."]);
  const job = await ended(cluster.admin, accepted.jobId);
  expect(job.log[0]?.message).toBe(" - WARNING: Values with fewer than 6 characters can't be replaced in the install's log: root_password.");
  expect((await deleteInstance(cluster.admin, "short.example.test").then(({ jobId }) => ended(cluster.admin, jobId))).status).toBe("success");
});

describe("RAPI", () => {
  it("gets a job that has failed, with the reason in Ganeti's shape, and without a single value", async () => {
    const { jobId } = await createInstance(rapi, newInstance("new.example.test", { parameters: { public: { root_password: "secret-in-the-wrong-place" } } }));
    const job = await getJob(rapi, jobId);
    expect(job).toMatchObject({ status: "error", opStatus: ["error"], summary: ["INSTANCE_CREATE(new.example.test)"], opResult: [["OpPrereqError", ["OS parameter root_password must be sent as secret.", "wrong_input"]]] });
    expect(job.ops[0]).toMatchObject({ osparams: { root_password: null } });
    expect(JSON.stringify(await cluster.services.db.job.findUnique({ where: { id: jobId } }))).not.toContain("wrong-place");
  });

  it.each([
    ["reinstall", (name: string) => reinstallInstance(rapi, name, reinstallInputSchema.parse({}))],
    ["startup", (name: string) => setInstancePower(rapi, name, { action: "start" })],
    ["delete", (name: string) => deleteInstance(rapi, name)],
  ])("gets a job for a %s of an instance that isn't there", async (_, submit) => {
    const { jobId } = await submit("nosuch.example.test");
    const job = await getJob(rapi, jobId);
    expect(job).toMatchObject({ status: "error", error: { code: "unknown_object" } });
    expect(job.opResult[0]).toEqual(["OpPrereqError", ["There is no instance nosuch.example.test.", "unknown_entity"]]);
  });
});

describe("who may do what", () => {
  const name = "mine.example.test";
  const reinstall = reinstallInputSchema.parse({ parameters: { secret: { root_password: "root-of-olga" } } });

  it("an owner sees and reinstalls their own instance, and sees its job and install", async () => {
    const { jobId } = await reinstallInstance(owner, name, reinstall);
    expect((await ended(owner, jobId)).status).toBe("success");
    expect((await listInstances(owner, {})).items.map((instance) => instance.name)).toEqual([name]);
    expect((await listJobs(owner, {})).items.every((job) => job.instanceName === name)).toBe(true);
    expect((await listInstalls(owner, {})).items).toHaveLength(2);
    expect((await getInstance(owner, name)).blockedActions.delete).toBeDefined();
  });

  it("for another owner it isn't there, in the very words of one that isn't", async () => {
    const job = (await listJobs(owner, {})).items[0];
    const install = job?.installId ?? "";
    for (const attempt of [() => getInstance(stranger, name), () => reinstallInstance(stranger, name, reinstall), () => setInstancePower(stranger, name, { action: "stop" })]) {
      await expect(attempt()).rejects.toMatchObject({ code: "unknown_object", message: `There is no instance ${name}.` });
    }
    await expect(getJob(stranger, job?.id ?? 0)).rejects.toMatchObject({ code: "unknown_object" });
    await expect(cancelJob(stranger, job?.id ?? 0)).rejects.toMatchObject({ code: "unknown_object" });
    expect((await listInstalls(stranger, {})).items).toEqual([]);
    expect((await listJobs(stranger, {})).items).toEqual([]);
    expect(await countInstances(stranger)).toEqual({ total: 0, running: 0, installing: 0, failed: 0 });
    expect(install).not.toBe("");
  });

  it("an owner neither creates nor deletes, and nothing has changed afterwards", async () => {
    await expect(createInstance(owner, newInstance("new.example.test"))).rejects.toMatchObject({ code: "not_allowed" });
    await expect(deleteInstance(owner, name)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(previewCreate(owner, { osType: "testos+plain" })).rejects.toMatchObject({ code: "not_allowed" });
    expect((await getInstance(owner, name)).status).toBe("running");
    expect(await cluster.services.db.auditEntry.count({ where: { actor: "olga", outcome: "refused" } })).toBe(3);
  });
});

describe("the list", () => {
  const statuses = new Map<string, InstanceStatus>();
  beforeAll(async () => {
    const { db } = cluster.services;
    const node1 = await db.node.findUniqueOrThrow({ where: { name: "node1" } });
    const gone = await db.node.create({ data: { name: "gone", state: "unreachable" } });
    let number = 0;
    for (const nodeId of [node1.id, gone.id]) {
      for (const installState of [null, ...ACTIVE_STATES, ...FINAL_STATES]) {
        for (const adminState of ["running", "stopped"] as const) {
          for (const operState of ["running", "stopped", null] as const) {
            number += 1;
            await db.instance.create({ data: { name: `list-${String(number).padStart(3, "0")}.example.test`, nodeId, memoryMib: 64, installState, adminState, operState } });
          }
        }
      }
    }
    for (const instance of await everything({})) statuses.set(instance.name, instance.status);
  });

  async function everything(request: Omit<Parameters<typeof listInstances>[1], "cursor">) {
    const found = [];
    let cursor: string | undefined;
    do {
      const page = await listInstances(cluster.admin, { ...request, limit: 7, cursor });
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  it("by time loses nobody where many came in the same millisecond", async () => {
    const { db } = cluster.services;
    const { nodeId } = await db.instance.findFirstOrThrow();
    await db.$executeRaw`INSERT INTO instance (name, node_id, memory_mib, created_at, updated_at)
      SELECT 'same-' || i, ${nodeId}::uuid, 64, now() + i * interval '100 microseconds', now() FROM generate_series(1, 40) AS i`;
    for (const sort of ["createdAt", "-createdAt"] as const) {
      expect((await everything({ sort, search: "same-" })).map((instance) => instance.name)).toHaveLength(40);
    }
    await db.instance.deleteMany({ where: { name: { startsWith: "same-" } } });
  });

  it.each(["name", "-name", "createdAt", "-createdAt"] as const)("has every instance once, by %s", async (sort) => {
    const names = (await everything({ sort })).map((instance) => instance.name);
    expect(names).toHaveLength(await cluster.services.db.instance.count());
    expect(new Set(names).size).toBe(names.length);
    if (sort === "name") expect(names).toEqual(names.toSorted());
  });

  it.each(["installing", "install_failed", "running", "stopped", "error_up", "error_down", "node_unreachable", "not_installed"] as const)(
    "filtered by %s has exactly those whose status is that",
    async (status) => {
      const expected = [...statuses].filter(([, one]) => one === status).map(([name]) => name);
      expect(expected.length).toBeGreaterThan(0);
      expect((await everything({ status })).map((instance) => instance.name)).toEqual(expected.toSorted());
    },
  );

  it("is searched by parts of the name, without wildcards of its own", async () => {
    expect((await everything({ search: "LIST-00" })).map((instance) => instance.name)).toHaveLength(9);
    expect(await everything({ search: "%" })).toEqual([]);
  });

  it("is filtered by node and definition", async () => {
    expect(await everything({ osType: "testos+plain" })).toHaveLength(1);
    expect(await everything({ osType: "testos", node: "gone" })).toEqual([]);
    expect(await everything({ node: "gone" })).toHaveLength(78);
  });

  it("refuses a cursor that is none", async () => {
    await expect(listInstances(cluster.admin, { cursor: "nonsense" })).rejects.toMatchObject({ code: "invalid", field: "cursor" });
  });
});
