import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import type { Services } from "#lib/context/context.ts";
import { AgentRefusal } from "#lib/agent-protocol/refusal.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import { runJob } from "#lib/jobs/run-job.ts";
import { pruneHistory } from "#lib/jobs/prune-history.ts";
import { rotateKeys } from "#lib/secrets/rotate-keys.ts";
import { setupContext } from "#lib/context/open-services.ts";
import { getInstance } from "./get-instance.ts";
import { reinstallInstance } from "./reinstall-instance.ts";
import { rollbackInstance } from "./rollback-instance.ts";
import { reinstallInputSchema } from "./schemas.ts";

let cluster: InstallCluster;
let agent: SimulatedAgent;
beforeAll(async () => {
  cluster = await openInstallCluster(async (options) => (agent = await startSimulatedAgent(options)));
});
afterAll(() => cluster.close());

async function reinstall(name: string, password: string, change: Record<string, unknown> = {}): Promise<string> {
  const input = reinstallInputSchema.parse({ osType: "testos+full", parameters: { public: { suffix: ".second.test" }, private: { admin_password: password }, secret: { root_password: "root-canary-2" } }, ...change });
  const { jobId, installId } = await reinstallInstance(cluster.admin, name, input);
  expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
  return installId ?? "";
}

async function rollBack(name: string, input: Parameters<typeof rollbackInstance>[2] = {}) {
  return ended(cluster.admin, (await rollbackInstance(cluster.admin, name, input)).jobId);
}

async function privateValueOf(name: string): Promise<string> {
  const { id } = await cluster.services.db.instance.findUniqueOrThrow({ where: { name } });
  const row = await cluster.services.db.instanceParameter.findUniqueOrThrow({ where: { instanceId_name: { instanceId: id, name: "admin_password" } } });
  return (await cluster.services.keyring.unseal(row.privateValue ?? new Uint8Array(), { kind: "instance", instanceId: id, name: "admin_password" })).open();
}

describe("a rollback", () => {
  it("brings back the system before, and what was stored about it; twice is where one was", async () => {
    const name = "twice.example.test";
    const { installId: first } = await create(cluster.admin, newInstance(name));
    const before = await getInstance(cluster.admin, name);
    expect(before).toMatchObject({ osType: "testos+plain", previous: null });
    const second = await reinstall(name, "admin-canary-2");
    const between = await getInstance(cluster.admin, name);
    expect(between).toMatchObject({ osType: "testos+full", install: { id: second }, previous: { keptAs: second, osType: "testos+plain" } });
    expect(between.previous?.installedAt).not.toBeNull();

    const job = await rollBack(name);
    expect(job).toMatchObject({ status: "success", summary: [`INSTANCE_ROLLBACK(${name})`] });
    const after = await getInstance(cluster.admin, name);
    expect(after).toMatchObject({ osType: "testos+plain", status: "running", adminState: "running", install: { id: first, state: "done" }, previous: { osType: "testos+full" }, lockedByJobId: null });
    expect(after.parameters).toEqual(before.parameters);
    expect(await privateValueOf(name)).toBe("admin-canary-1");
    expect(agent.systemOf(after.id)).toBe(first);

    expect(await rollBack(name, { start: false })).toMatchObject({ status: "success" });
    const again = await getInstance(cluster.admin, name);
    expect(again).toMatchObject({ osType: "testos+full", status: "stopped", adminState: "stopped", install: { id: second }, previous: { osType: "testos+plain" } });
    expect(again.parameters).toEqual(between.parameters);
    expect(await privateValueOf(name)).toBe("admin-canary-2");
    expect(agent.systemOf(after.id)).toBe(second);
  });

  it("brings back values that were encrypted anew meanwhile", async () => {
    const name = "rotated.example.test";
    await create(cluster.admin, newInstance(name));
    await reinstall(name, "admin-canary-3");
    await rotateKeys(setupContext(cluster.services));
    await cluster.services.db.$executeRaw`UPDATE data_key SET retired_at = retired_at - interval '61 minutes' WHERE retired_at IS NOT NULL`;
    await rotateKeys(setupContext(cluster.services));
    expect(await rollBack(name)).toMatchObject({ status: "success" });
    expect(await privateValueOf(name)).toBe("admin-canary-1");
  });

  it("is one order to the node where its answer was lost, and swaps what is stored once", async () => {
    const name = "lost.example.test";
    const { installId: first } = await create(cluster.admin, newInstance(name));
    const second = await reinstall(name, "admin-canary-4");
    const { services } = cluster;
    const orders: unknown[] = [];
    let lost: Error = new SlipwayError("node_unreachable", "The answer was lost.");
    const losing: Services = {
      ...services,
      jobs: { enqueue: () => Promise.resolve() },
      agents: {
        ...services.agents,
        client: async (nodeId) => {
          const client = await services.agents.client(nodeId);
          return {
            ...client,
            diskOrder: async (instanceId, order, signal) => {
              orders.push(order);
              const result = await client.diskOrder(instanceId, order, signal);
              if (orders.length < 3) throw lost;
              return result;
            },
          };
        },
      },
    };
    const { jobId } = await rollbackInstance({ ...cluster.admin, services: losing }, name, {});
    const run = () => runJob(losing, "run-job", jobId, new AbortController().signal);
    await run();
    // The node has it; here nothing is known of that yet.
    expect(await getInstance(cluster.admin, name)).toMatchObject({ install: { id: second }, lockedByJobId: jobId });
    // However long the disks took, or the node stays away, or is told to stop: it isn't called failed by anybody but the node.
    await services.db.job.update({ where: { id: jobId }, data: { startedAt: new Date(Date.now() - 3_600_000) } });
    lost = new AgentRefusal("agent_restarted", "The node's agent is being stopped.", undefined);
    await run();
    expect(await getInstance(cluster.admin, name)).toMatchObject({ install: { id: second }, lockedByJobId: jobId });
    expect(await run().then(() => ended(cluster.admin, jobId))).toMatchObject({ status: "success" });
    const after = await getInstance(cluster.admin, name);
    expect(after).toMatchObject({ install: { id: first }, previous: { osType: "testos+full" } });
    expect(agent.systemOf(after.id)).toBe(first);
    expect(await privateValueOf(name)).toBe("admin-canary-1");
  });

  it("waits for a node that went away with the order until somebody says that it is offline", async () => {
    const name = "away.example.test";
    await create(cluster.admin, newInstance(name));
    const second = await reinstall(name, "admin-canary-4");
    const { services } = cluster;
    const away: Services = {
      ...services,
      jobs: { enqueue: () => Promise.resolve() },
      agents: {
        ...services.agents,
        client: async (nodeId) => ({ ...(await services.agents.client(nodeId)), diskOrder: () => Promise.reject(new SlipwayError("node_unreachable", "The agent of node node1 can't be reached.")) }),
      },
    };
    const { jobId } = await rollbackInstance({ ...cluster.admin, services: away }, name, {});
    const run = () => runJob(away, "run-job", jobId, new AbortController().signal);
    await run();
    await services.db.job.update({ where: { id: jobId }, data: { startedAt: new Date(Date.now() - 3_600_000) } });
    await run();
    await run();
    expect((await getJob(cluster.admin, jobId)).log.map(({ message }) => message)).toEqual(["Node node1 does not answer and may have carried out the order: the job goes on once it does."]);
    await services.db.node.updateMany({ data: { offline: true } });
    await run();
    expect(await getJob(cluster.admin, jobId)).toMatchObject({ status: "error", error: { code: "node_unreachable" } });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ install: { id: second }, lockedByJobId: null });
    await services.db.node.updateMany({ data: { offline: false } });
  });

  it("is refused where none is kept, by its own words", async () => {
    const name = "none.example.test";
    await create(cluster.admin, newInstance(name));
    await expect(rollbackInstance(cluster.admin, name, {})).rejects.toMatchObject({ code: "conflict", message: `No previous system of instance ${name} is kept.` });
    expect((await getInstance(cluster.admin, name)).blockedActions.rollback).toBe("No previous system is kept.");
  });

  it("is refused after its time, when the row goes too", async () => {
    const name = "expired.example.test";
    await create(cluster.admin, newInstance(name));
    await reinstall(name, "admin-canary-5");
    const { db } = cluster.services;
    await db.previousSystem.updateMany({ where: { instance: { name } }, data: { until: new Date(Date.now() - 1_000) } });
    await expect(rollbackInstance(cluster.admin, name, {})).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/was kept until/) as unknown });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ previous: null, blockedActions: { rollback: "No previous system is kept." } });
    await pruneHistory(cluster.services, new AbortController().signal);
    expect(await db.previousSystem.count({ where: { instance: { name } } })).toBe(0);
    expect(await db.previousParameter.count({ where: { system: { instance: { name } } } })).toBe(0);
  });

  it("fails with the node's own reason, and leaves everything as it was", async () => {
    const name = "gone.example.test";
    await create(cluster.admin, newInstance(name));
    const second = await reinstall(name, "admin-canary-6");
    const { db } = cluster.services;
    await db.previousSystem.updateMany({ where: { instance: { name } }, data: { keptAs: crypto.randomUUID() } });
    expect(await rollBack(name)).toMatchObject({ status: "error", error: { code: "node_refused", message: expect.stringMatching(/nothing to go back to/) as unknown } });
    expect(await getInstance(cluster.admin, name)).toMatchObject({ osType: "testos+full", status: "running", install: { id: second }, lockedByJobId: null });
    expect(await privateValueOf(name)).toBe("admin-canary-6");
  });

  it("waits for nobody: an instance that a job holds is refused, and one of somebody else isn't there", async () => {
    const name = "held.example.test";
    await create(cluster.admin, newInstance(name));
    await reinstall(name, "admin-canary-7");
    const { db } = cluster.services;
    const stranger = contextOf(cluster.services, await insertUser(cluster.services, { name: "stranger", role: "owner" }));
    await expect(rollbackInstance(stranger, name, {})).rejects.toMatchObject({ code: "unknown_object" });
    await db.instance.update({ where: { name }, data: { lockedByJobId: 1 } });
    await expect(rollbackInstance(cluster.admin, name, {})).rejects.toMatchObject({ code: "conflict", message: `Job 1 is working on instance ${name}.` });
    await db.instance.update({ where: { name }, data: { lockedByJobId: null } });
  });
});
