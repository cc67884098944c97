import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { previewReinstall } from "#lib/instances/preview-reinstall.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import type { ReinstallInput } from "#lib/instances/schemas.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { getInstall } from "./get-install.ts";
import { listInstallEntries } from "./list-install-entries.ts";
import type { InstallCluster } from "./testing.ts";
import { create, ended, newInstance, openInstallCluster, until } from "./testing.ts";

let cluster: InstallCluster;
/** Set by a test to make a reinstall misbehave: behaviours otherwise go by the instance's name. */
let nextReinstallFails = false;
let hanging: Promise<{ readonly jobId: number }>;
beforeAll(async () => {
  cluster = await openInstallCluster((options) =>
    startSimulatedAgent({
      ...options,
      behaviourOf: ({ instance: { name }, operation }) => {
        if (operation === "reinstall" && nextReinstallFails) return { kind: "fails", atStep: 3 };
        if (name.startsWith("fails")) return { kind: "fails", atStep: 3 };
        if (name.startsWith("hangs")) return { kind: "hangs" };
        if (name.startsWith("chatters")) return { kind: "chatters", lines: 4_000 };
        return name.startsWith("powers-off") ? { kind: "powers-off" } : { kind: "succeeds" };
      },
    }),
  );
  // Its time limit is the shortest that a cluster can have, and runs while the other tests do.
  await cluster.services.db.cluster.update({ where: { id: 1 }, data: { installTimeoutSeconds: 10 } });
  hanging = createInstance(cluster.admin, newInstance("hangs-until-timeout.example.test"));
  await hanging;
  await cluster.services.db.cluster.update({ where: { id: 1 }, data: { installTimeoutSeconds: 1_800 } });
});
afterAll(() => cluster.close());

const secret = (value: string, more: object = {}): ReinstallInput => reinstallInputSchema.parse({ parameters: { secret: { root_password: value } }, ...more });

describe("an install that succeeds", () => {
  it("leaves the instance running, with its log, and keeps what ran", async () => {
    const job = await create(cluster.admin, newInstance("web-1.example.test"));
    expect(job).toMatchObject({ status: "success", opStatus: ["success"], opResult: [["node1"]], secretNames: ["root_password"] });
    const instance = await getInstance(cluster.admin, "web-1.example.test");
    expect(instance).toMatchObject({ status: "running", adminState: "running", operState: "running", osType: "testos+plain", lockedByJobId: null });
    expect(instance.parameters[0]).toMatchObject({ name: "admin_password", visibility: "private", isSet: true, from: "instance" });
    expect(instance.parameters[0]).toHaveProperty("fingerprint");
    expect(instance.parameters.slice(1)).toEqual([
      { name: "root_password", visibility: "secret", isKept: false, from: "instance" },
      { name: "suffix", visibility: "public", value: ".example.test", from: "declared" },
    ]);
    const install = await getInstall(cluster.admin, instance.install?.id ?? "");
    expect(install).toMatchObject({ state: "done", percent: 100, error: null });
    expect(install.steps.every((step) => step.endedAt !== null)).toBe(true);
    const log = await listInstallEntries(cluster.admin, install.id, { after: 0, limit: 1_000 });
    expect(log.items.map((entry) => entry.seq)).toEqual(log.items.map((_, index) => index + 1));
    expect(log.items.length).toBe(install.lastSeq);
    expect(job.log.map((line) => line.message)).toContain("* starting instance...");
  });

  it("leaves no encrypted value of the job, no secret in memory and no lease behind", async () => {
    const job = await create(cluster.admin, newInstance("web-2.example.test"));
    expect(await cluster.services.db.jobPrivateValue.count({ where: { jobId: job.id } })).toBe(0);
    expect(cluster.services.vault.jobIds()).not.toContain(job.id);
    expect(await cluster.services.db.install.findFirst({ where: { jobId: job.id } })).toMatchObject({ acknowledged: true, leaseUntil: null });
  });

  it("leaves the instance stopped where it was asked to", async () => {
    await create(cluster.admin, newInstance("web-3.example.test", { start: false }));
    expect(await getInstance(cluster.admin, "web-3.example.test")).toMatchObject({ status: "stopped", adminState: "stopped" });
  });

  it("takes in thousands of lines", async () => {
    const job = await create(cluster.admin, newInstance("chatters.example.test"));
    expect(job.status).toBe("success");
    const { items, lastSeq } = await listInstallEntries(cluster.admin, job.installId ?? "", { limit: 1_000 });
    expect(lastSeq).toBeGreaterThanOrEqual(4_000);
    expect(items.at(-1)?.seq).toBe(lastSeq);
  });
});

describe("a creation that fails", () => {
  it.each([
    ["at its third step", "fails.example.test", "script_failed", "unpack"],
    ["by going off in silence", "powers-off.example.test", "guest_silent", "check"],
  ])("%s leaves the instance listed, stopped, install failed, with the step in the error", async (_, name, code, step) => {
    const job = await create(cluster.admin, newInstance(name));
    expect(job).toMatchObject({ status: "error", opStatus: ["error"], error: { code } });
    expect(job.opResult).toEqual([["OpExecError", [job.error?.message]]]);
    const instance = await getInstance(cluster.admin, name);
    expect(instance).toMatchObject({ status: "install_failed", adminState: "stopped", operState: "stopped", lockedByJobId: null });
    // Nothing of what was sent: what its definition would give it.
    expect(instance.parameters.map(({ name: parameter, from }) => [parameter, from])).toEqual([["suffix", "declared"]]);
    const install = await getInstall(cluster.admin, instance.install?.id ?? "");
    expect(install).toMatchObject({ state: "failed", error: { code, step } });
    expect(install.lastSeq).toBeGreaterThan(0);
    expect(instance.blockedActions.reinstall).toBeUndefined();
    expect(instance.blockedActions.delete).toBeUndefined();
  });

  it("past its time limit is ended by the agent", async () => {
    const job = await ended(cluster.admin, (await hanging).jobId);
    expect(job).toMatchObject({ status: "error", error: { code: "timed_out" } });
    expect(await getInstance(cluster.admin, "hangs-until-timeout.example.test")).toMatchObject({ status: "install_failed", install: { state: "timed_out" } });
  });
});

describe("a reinstall", () => {
  const name = "re.example.test";
  beforeAll(async () => {
    await create(cluster.admin, newInstance(name));
  });

  it("names in its preview the secrets that must be sent again", async () => {
    const preview = await previewReinstall(cluster.admin, name, {});
    expect(preview.secretsToSend).toEqual(["root_password"]);
    expect(preview.checks.every((check) => check.ok)).toBe(true);
    expect(preview.plan).toMatchObject({ operation: "reinstall", retainPreviousSeconds: 604_800 });
    expect(preview.expectedSeconds).toBeGreaterThanOrEqual(0);
  });

  it("without them is refused, names them, and leaves no job", async () => {
    await expect(reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({}))).rejects.toMatchObject({ code: "missing_secret", names: ["root_password"] });
    expect((await getInstance(cluster.admin, name)).lockedByJobId).toBeNull();
  });

  it("keeps what isn't sent, merges what is, and comes back running", async () => {
    const before = await getInstance(cluster.admin, name);
    const { jobId } = await reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({ osType: "testos+full", parameters: { public: { suffix: ".lab" }, secret: { root_password: "root-canary-2" } } }));
    const job = await ended(cluster.admin, jobId);
    expect(job).toMatchObject({ status: "success", opStatus: ["success", "success", "success"], opResult: [null, null, null] });
    expect(job.summary).toEqual([`INSTANCE_SHUTDOWN(${name})`, `INSTANCE_REINSTALL(${name})`, `INSTANCE_STARTUP(${name})`]);
    const after = await getInstance(cluster.admin, name);
    expect(after).toMatchObject({ status: "running", osType: "testos+full" });
    expect(after.parameters[0]).toEqual(before.parameters[0]);
    expect(after.parameters[2]).toMatchObject({ name: "suffix", value: ".lab" });
  });

  it("that fails leaves parameters, definition and power as they were", async () => {
    const before = await getInstance(cluster.admin, name);
    nextReinstallFails = true;
    const { jobId } = await reinstallInstance(cluster.admin, name, reinstallInputSchema.parse({ osType: "testos+plain", start: false, parameters: { public: { suffix: ".x" }, private: { admin_password: "admin-canary-3" }, secret: { root_password: "root-canary-3" } } }));
    const job = await ended(cluster.admin, jobId);
    nextReinstallFails = false;
    expect(job).toMatchObject({ status: "error", opStatus: ["success", "error"] });
    const after = await getInstance(cluster.admin, name);
    expect(after).toMatchObject({ status: "running", osType: "testos+full", adminState: "running", operState: "running", parameters: before.parameters, install: { state: "failed" } });
  });

  it("asked for twice at once is accepted once, and the other names the job", async () => {
    const both = await Promise.allSettled([reinstallInstance(cluster.admin, name, secret("root-canary-4")), reinstallInstance(cluster.admin, name, secret("root-canary-5"))]);
    const accepted = both.filter((one) => one.status === "fulfilled");
    const refused = both.filter((one) => one.status === "rejected");
    expect([accepted.length, refused.length]).toEqual([1, 1]);
    expect(refused[0]?.reason).toMatchObject({ code: "conflict", message: `Job ${accepted[0]?.value.jobId} is working on instance ${name}.` });
    await ended(cluster.admin, accepted[0]?.value.jobId ?? 0);
  });
});

describe("power and deletion", () => {
  const name = "power.example.test";
  beforeAll(async () => {
    await create(cluster.admin, newInstance(name));
  });

  it.each([["stop", "stopped"], ["stop", "stopped"], ["start", "running"], ["start", "running"], ["reboot", "running"]] as const)("%s leaves it %s", async (action, status) => {
    const { jobId } = await setInstancePower(cluster.admin, name, { action, graceSeconds: 0 });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success", opResult: [null] });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ status });
  });

  it("a deleted instance is gone, and its job says so", async () => {
    const { jobId } = await deleteInstance(cluster.admin, name);
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success", summary: [`INSTANCE_REMOVE(${name})`] });
    await expect(getInstance(cluster.admin, name)).rejects.toMatchObject({ code: "unknown_object" });
    expect((await listJobs(cluster.admin, { instanceName: name })).items.length).toBeGreaterThan(1);
  });
});

describe("values", () => {
  it("of private and secret parameters are in no row of any table, and not in the log", async () => {
    const canaries = ["admin-canary-1", "admin-canary-3", ...[1, 2, 3, 4, 5].map((n) => `root-canary-${n}`)];
    const tables = await cluster.services.db.$queryRaw<{ name: string }[]>`
      SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`;
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const rows = await cluster.services.db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} AS t`);
      const text = rows.map(({ row }) => row).join("\n");
      for (const canary of canaries) for (const form of [canary, Buffer.from(canary).toString("base64"), Buffer.from(canary).toString("hex")]) expect(text.includes(form), `${canary} in ${name}`).toBe(false);
    }
    for (const canary of canaries) expect(cluster.test.logged()).not.toContain(canary);
  });

  it("are found by the same look where one is planted", async () => {
    const job = await until(cluster.admin, 1, () => true);
    await cluster.services.db.jobLog.create({ data: { jobId: job.id, serial: 999, opIndex: 0, message: "planted-canary" } });
    const rows = await cluster.services.db.$queryRaw<{ row: string }[]>`SELECT t::text AS row FROM job_log AS t`;
    expect(rows.some(({ row }) => row.includes("planted-canary"))).toBe(true);
  });
});
