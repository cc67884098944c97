import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { InstallOrder, PowerOrder } from "#lib/agent-protocol/messages.ts";
import { installStatusSchema, PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { Prisma } from "#lib/db/client.ts";
import type { FinalInstallState } from "#lib/domain/install-states.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { modifyInstance } from "#lib/instances/modify-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { modifyInstanceInputSchema, reinstallInputSchema } from "#lib/instances/schemas.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { runJob } from "#lib/jobs/run-job.ts";
import { takeOverJobs } from "#lib/jobs/take-over-jobs.ts";
import { ingestAgentEvents } from "./ingest-agent-events.ts";
import type { InstallCluster } from "./testing.ts";
import { agentEvents, newInstance, openInstallCluster } from "./testing.ts";

/** Jobs are carried out when a test says so, and the node says what a test says. */
let cluster: InstallCluster;
let services: Services;
let admin: RequestContext;
const installs = new Map<string, InstallOrder>();
const powers: PowerOrder[] = [];
let journal: string;
let seq = 0;
const signal = new AbortController().signal;

function facts(mode: "system" | "session"): Prisma.InputJsonObject {
  const sizes = { cpus: 8, memoryTotalMib: 65_536, memoryFreeMib: 60_000, diskTotalMib: 1_048_576, diskFreeMib: 1_000_000 };
  const networking = mode === "system" ? { bridges: ["br0"], routed: true } : { bridges: [], routed: false };
  return { protocol: PROTOCOL_VERSION, agentVersion: "0.1.0", mode, hostname: "node1", qemuVersion: null, ...sizes, accelerator: "tcg", acceleratorReason: null, runsHostScripts: false, networking };
}

async function nodeIs(mode: "system" | "session"): Promise<void> {
  await services.db.node.updateMany({ data: { state: "online", facts: facts(mode) } });
}

beforeAll(async () => {
  cluster = await openInstallCluster((options) => startSimulatedAgent(options), { controller: false });
  admin = cluster.admin;
  const { agents } = cluster.services;
  // Orders end here: what is in them is what these tests are about.
  services = {
    ...cluster.services,
    agents: {
      ...agents,
      client: async (nodeId) => {
        const client = await agents.client(nodeId);
        return { ...client, power: carriedOut, install: taken } satisfies AgentClient;
      },
    },
  };
  journal = randomUUID();
});
afterAll(() => cluster.close());
beforeEach(() => nodeIs("system"));

function taken(order: InstallOrder) {
  installs.set(order.id, order);
  const { status } = installIs({ installId: order.id, instanceId: order.instance.id }, "preparing");
  return Promise.resolve(installStatusSchema.parse({ ...status, committed: false }));
}

function carriedOut(order: PowerOrder) {
  powers.push(order);
  const power = order.action === "stop" ? ("stopped" as const) : ("running" as const);
  const reach = power === "running" ? [{ nic: 0, guestPort: 22, host: "127.0.0.1", port: 40_022 }] : [];
  return Promise.resolve({ instanceId: order.instance.id, power, startedAt: null, rescue: false, installId: null, reach, journal, journalSeq: seq });
}

async function create(name: string, change: Record<string, unknown> = {}) {
  const { jobId, installId } = await createInstance(admin, newInstance(name, change));
  if (installId === null) throw new Error("refused");
  const { instanceId } = await services.db.install.findUniqueOrThrow({ where: { id: installId }, select: { instanceId: true } });
  return { jobId, installId, instanceId };
}

/** Who has addresses of the communication mechanism, by what an instance has to do with them. */
async function holders(instanceId: string): Promise<string[]> {
  const rows = await services.db.networkAddress.findMany({ where: { OR: [{ instanceId }, { install: { instanceId } }] } });
  return rows.map((row) => (row.instanceId === null ? "install" : "instance")).toSorted();
}

async function nodeSays(...events: { readonly type: string }[]): Promise<void> {
  const node = await services.db.node.findFirstOrThrow();
  const at = new Date().toISOString();
  await ingestAgentEvents(services, { nodeId: node.id, journal }, agentEvents(...events.map((event) => ({ ...event, seq: (seq += 1), at }))));
}

function installIs(ids: { readonly installId: string; readonly instanceId: string }, state: FinalInstallState | "preparing" | "verifying" | "starting") {
  const status = { id: ids.installId, instanceId: ids.instanceId, state, percent: 100, step: null, steps: [], error: null, committed: true, firstBootAt: null, lastContactAt: null };
  return { type: "install.state", installId: ids.installId, status };
}

/** An instance that is installed and runs. */
async function installed(name: string, change: Record<string, unknown> = {}) {
  const ids = await create(name, change);
  await runJob(services, "run-job", ids.jobId, signal);
  await nodeSays(installIs(ids, "starting"), installIs(ids, "done"));
  return ids;
}

async function power(name: string, action: "start" | "stop" | "reboot"): Promise<PowerOrder> {
  const { jobId } = await setInstancePower(admin, name, { action, graceSeconds: 0 });
  await runJob(services, "run-job", jobId, signal);
  const order = powers.at(-1);
  if (order === undefined) throw new Error("no order");
  return order;
}

function modify(name: string, input: Record<string, unknown>) {
  return modifyInstance(admin, name, modifyInstanceInputSchema.parse(input));
}

const again = (input: Record<string, unknown> = {}) => reinstallInputSchema.parse({ parameters: { secret: { root_password: "root-canary-2" } }, ...input });

describe("an install on a node in system mode", () => {
  test("holds an address for its appliances until it ends, beside its instance's own", async () => {
    const ids = await create("one.test", { communication: true, userData: "#cloud-config\nuser-data-canary" });
    expect(await holders(ids.instanceId)).toEqual(["install", "instance"]);
    await runJob(services, "run-job", ids.jobId, signal);
    const order = installs.get(ids.installId);
    expect(order?.applianceIp).toMatch(/^169\.254\./);
    expect(order?.instance.channelIp).toMatch(/^169\.254\./);
    expect(order?.instance.channelIp).not.toBe(order?.applianceIp);
    expect(order?.userData?.open()).toBe("#cloud-config\nuser-data-canary");
    expect(order?.instance).toMatchObject({ communication: true, datasource: "openstack", cluster: "slipway", requireTokens: false });
    await nodeSays(installIs(ids, "starting"), installIs(ids, "done"));
    expect(await holders(ids.instanceId)).toEqual(["instance"]);
  });

  test("holds one without communication in normal running too, and its instance none", async () => {
    const ids = await create("two.test");
    expect(await holders(ids.instanceId)).toEqual(["install"]);
    await runJob(services, "run-job", ids.jobId, signal);
    expect(installs.get(ids.installId)?.instance.channelIp).toBeNull();
    await nodeSays(installIs(ids, "failed"));
    expect(await holders(ids.instanceId)).toEqual([]);
  });

  test.each(["cancelled", "timed_out"] as const)("lets go of it when it is %s", async (state) => {
    const ids = await create(`${state.replace("_", "-")}.test`);
    await runJob(services, "run-job", ids.jobId, signal);
    await nodeSays(installIs(ids, state));
    expect(await holders(ids.instanceId)).toEqual([]);
  });

  test("lets go of it when it is cancelled before it is sent, and when its process is lost", async () => {
    const cancelled = await create("queued.test", { communication: true });
    await cancelJob(admin, cancelled.jobId);
    expect(await holders(cancelled.instanceId)).toEqual(["instance"]);
    const lost = await create("lost.test");
    await takeOverJobs(services, services.controllerId);
    expect(await services.db.install.findUniqueOrThrow({ where: { id: lost.installId } })).toMatchObject({ state: "failed", errorCode: "process_lost" });
    expect(await holders(lost.instanceId)).toEqual([]);
  });

  test("isn't accepted where no address is left, and nothing is stored of it", async () => {
    const { id } = await services.db.network.findUniqueOrThrow({ where: { name: "communication" } });
    const ids = await installed("before.test");
    await services.db.$executeRaw`
      INSERT INTO network_address (network_id, "offset", note) SELECT ${id}::uuid, r."offset", 'full' FROM generate_series(0, 65535) AS r("offset") ON CONFLICT DO NOTHING`;
    const counts = async () => [await services.db.instance.count(), await services.db.job.count(), await services.db.install.count()];
    const before = await counts();
    await expect(createInstance(admin, newInstance("none.test"))).rejects.toMatchObject({ code: "no_room", message: expect.stringContaining("communication") as unknown });
    await expect(reinstallInstance(admin, "before.test", again())).rejects.toMatchObject({ code: "no_room" });
    await expect(modify("before.test", { communication: true })).rejects.toMatchObject({ code: "no_room" });
    expect(await counts()).toEqual(before);
    expect(await getInstance(admin, "before.test")).toMatchObject({ communication: false, lockedByJobId: null, status: "running" });
    expect(services.vault.jobIds()).not.toContain(ids.jobId + 1);
    await services.db.networkAddress.deleteMany({ where: { note: "full" } });
    expect((await reinstallInstance(admin, "before.test", again())).installId).not.toBeNull();
  });

  test("in session mode holds none: QEMU has addresses of its own", async () => {
    await nodeIs("session");
    const ids = await create("session.test", { communication: true });
    expect(await holders(ids.instanceId)).toEqual([]);
    await runJob(services, "run-job", ids.jobId, signal);
    expect(installs.get(ids.installId)).toMatchObject({ applianceIp: null, instance: { channelIp: null, communication: true } });
  });
});

describe("an instance's address of the communication mechanism", () => {
  test("is held from the change on, and until the guest that has it is stopped", async () => {
    const { instanceId } = await installed("change.test");
    expect(await modify("change.test", { communication: true })).toMatchObject({ appliedAtNextStart: ["communication"] });
    expect(await holders(instanceId)).toEqual(["instance"]);
    const order = await power("change.test", "reboot");
    expect(order.instance).toMatchObject({ communication: true, channelIp: (await getInstance(admin, "change.test")).channelIp });
    await modify("change.test", { communication: false });
    expect(await holders(instanceId)).toEqual(["instance"]);
    // It runs, so that a start does nothing.
    expect((await power("change.test", "start")).instance.channelIp).toBeNull();
    expect(await holders(instanceId)).toEqual(["instance"]);
    await power("change.test", "stop");
    expect(await holders(instanceId)).toEqual([]);
    expect(await modify("change.test", { communication: true })).toMatchObject({ appliedAtNextStart: [] });
    expect(await modify("change.test", { communication: false })).toMatchObject({ appliedAtNextStart: [] });
    expect(await holders(instanceId)).toEqual([]);
  });

  test("is given back when the guest goes by itself, is rebooted or is installed anew, and with the instance", async () => {
    const { instanceId } = await installed("goes.test", { communication: true });
    await modify("goes.test", { communication: false });
    await nodeSays({ type: "instance.power", ...{ instanceId, power: "stopped", reason: null, reach: [] } });
    expect(await holders(instanceId)).toEqual([]);
    await power("goes.test", "start");
    await modify("goes.test", { communication: true });
    await power("goes.test", "reboot");
    await modify("goes.test", { communication: false });
    await power("goes.test", "reboot");
    expect(await holders(instanceId)).toEqual([]);
    await modify("goes.test", { communication: true });
    await power("goes.test", "reboot");
    await modify("goes.test", { communication: false });
    const { jobId, installId } = await reinstallInstance(admin, "goes.test", again());
    expect(await holders(instanceId)).toEqual(["install", "instance"]);
    await runJob(services, "run-job", jobId, signal);
    await nodeSays(installIs({ installId: installId ?? "", instanceId }, "starting"), installIs({ installId: installId ?? "", instanceId }, "done"));
    expect(await holders(instanceId)).toEqual([]);
    await modify("goes.test", { communication: true });
    expect(await holders(instanceId)).toEqual(["instance"]);
    const { jobId: deletion } = await deleteInstance(admin, "goes.test");
    await runJob(services, "run-job", deletion, signal);
    expect(await services.db.instance.count({ where: { id: instanceId } })).toBe(0);
    expect(await holders(instanceId)).toEqual([]);
  });

  test("stays with a guest that an install stops and starts again, because it failed", async () => {
    const { instanceId } = await installed("back.test", { communication: true });
    await modify("back.test", { communication: false });
    const { jobId, installId } = await reinstallInstance(admin, "back.test", again());
    await runJob(services, "run-job", jobId, signal);
    await nodeSays({ type: "instance.power", ...{ instanceId, power: "stopped", reason: null, reach: [] } });
    await nodeSays({ type: "instance.power", ...{ instanceId, power: "running", reason: null, reach: [] } });
    await nodeSays(installIs({ installId: installId ?? "", instanceId }, "failed"));
    expect(await holders(instanceId)).toEqual(["instance"]);
  });

  test("is taken at a start where the node has changed to system mode since", async () => {
    await nodeIs("session");
    const { instanceId } = await installed("moved.test", { communication: true });
    expect(await holders(instanceId)).toEqual([]);
    await nodeIs("system");
    expect((await power("moved.test", "reboot")).instance.channelIp).toMatch(/^169\.254\./);
    expect(await holders(instanceId)).toEqual(["instance"]);
  });
});

describe("a start", () => {
  test("brings what the guest may read of itself where it has a channel: public and private values, no secret", async () => {
    await installed("data.test", { communication: true, userData: "user-data-canary" });
    const order = await power("data.test", "reboot");
    const { parameters, userData } = order.guestData ?? { parameters: new Map<string, never>(), userData: null };
    expect([...parameters.keys()].toSorted()).toEqual(["admin_password"]);
    expect(parameters.get("admin_password")?.visibility).toBe("private");
    expect(userData?.open()).toBe("user-data-canary");
    expect((await power("data.test", "stop")).guestData).toBeNull();
  });

  test("brings nothing where it has none, and says where forwarded ports are reached", async () => {
    await installed("plain.test");
    expect((await power("plain.test", "reboot")).guestData).toBeNull();
    expect((await getInstance(admin, "plain.test")).nics[0]).toMatchObject({ mode: "user", forwards: [22], reach: [{ guestPort: 22, host: "127.0.0.1", port: 40_022 }] });
    await power("plain.test", "stop");
    expect((await getInstance(admin, "plain.test")).nics[0]?.reach).toEqual([]);
  });
});

describe("SSH host keys", () => {
  const said = (instanceId: string, letter: string) => ({ type: "instance.host-keys", ...{ instanceId, keys: [{ type: "ssh-ed25519", key: `AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}` }] } });
  const shown = async () => ((await getInstance(admin, "keys.test")).hostKeys ?? []).map(({ key }) => key.at(-1));

  test("stay while a reinstall may still fail, go with the system that had them, and are the new one's from its first boot on", async () => {
    const { instanceId } = await installed("keys.test");
    await nodeSays(said(instanceId, "A"));
    const first = await reinstallInstance(admin, "keys.test", again());
    await runJob(services, "run-job", first.jobId, signal);
    await nodeSays(installIs({ installId: first.installId ?? "", instanceId }, "failed"));
    expect(await shown()).toEqual(["A"]);
    const second = await reinstallInstance(admin, "keys.test", again());
    await runJob(services, "run-job", second.jobId, signal);
    await nodeSays(installIs({ installId: second.installId ?? "", instanceId }, "starting"));
    expect(await shown()).toEqual([]);
    await nodeSays(said(instanceId, "B"));
    await nodeSays(installIs({ installId: second.installId ?? "", instanceId }, "done"));
    expect(await shown()).toEqual(["B"]);
  });

  test("go with a system that is replaced by one that isn't started", async () => {
    const { instanceId } = await services.db.install.findFirstOrThrow({ where: { instance: { name: "keys.test" } } });
    const { jobId, installId } = await reinstallInstance(admin, "keys.test", again({ start: false }));
    await runJob(services, "run-job", jobId, signal);
    await nodeSays(installIs({ installId: installId ?? "", instanceId }, "verifying"));
    await nodeSays(installIs({ installId: installId ?? "", instanceId }, "done"));
    expect(await shown()).toEqual([]);
  });
});

test("no address of an install is left that has ended", async () => {
  expect(await services.db.networkAddress.count({ where: { install: { endedAt: { not: null } } } })).toBe(0);
});
