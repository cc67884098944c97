import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { ingestAgentEvents } from "#lib/installs/ingest-agent-events.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { agentEvents, create, ended, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { createPool } from "#lib/db/client.ts";
import { cleanQueue } from "./clean-queue.ts";
import { addTask, ownTask } from "./add-task.ts";
import { pruneHistory } from "./prune-history.ts";

let cluster: InstallCluster;
let first: string;
let last: string;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
  first = (await create(cluster.admin, newInstance("web.example.test"))).installId ?? "";
  const { jobId } = await reinstallInstance(cluster.admin, "web.example.test", reinstallInputSchema.parse({ parameters: { secret: { root_password: "root-canary" } } }));
  last = (await ended(cluster.admin, jobId)).installId ?? "";
});
afterAll(() => cluster.close());

describe("what an agent said already", () => {
  it("changes nothing when it is said again, and what another node says of an install counts for nothing", async () => {
    const { db } = cluster.services;
    const node = await db.node.findFirstOrThrow({ where: { name: "node1" } });
    const before = await getInstance(cluster.admin, "web.example.test");
    const entries = await db.installEvent.count();
    const install = await db.install.findUniqueOrThrow({ where: { id: last } });
    const at = new Date().toISOString();
    const status = { id: last, instanceId: install.instanceId, state: "failed" as const, percent: 1, step: null, steps: [], error: null, committed: false, firstBootAt: null, lastContactAt: null };
    const event = { seq: 1, at, type: "install.entries" as const, installId: last, entries: [{ n: 1, at, kind: "log" as const, author: "guest", text: "again", step: null, percent: null }], status };
    const known = await ingestAgentEvents(cluster.services, { nodeId: node.id, journal: node.journalId ?? "" }, agentEvents(event));
    expect(known).toBe(Number(node.journalSeq));
    const other = await db.node.create({ data: { name: "other" } });
    await ingestAgentEvents(cluster.services, { nodeId: other.id, journal: crypto.randomUUID() }, agentEvents({ ...event, entries: [{ ...event.entries[0], n: 5_000, text: "forged" }] }, { seq: 2, at, type: "instance.power", instanceId: install.instanceId, power: "stopped", reason: null, reach: [] }));
    expect(await getInstance(cluster.admin, "web.example.test")).toMatchObject({ status: before.status, install: { state: "done" } });
    expect(await db.installEvent.count()).toBe(entries);
  });

  it("doesn't overrule what the agent has answered since to an order", async () => {
    const { db } = cluster.services;
    const node = await db.node.findFirstOrThrow({ where: { name: "node1" } });
    const { id, operState } = await db.instance.findFirstOrThrow({ where: { name: "web.example.test" } });
    const journal = crypto.randomUUID();
    const at = new Date().toISOString();
    const say = (seq: number) => ingestAgentEvents(cluster.services, { nodeId: node.id, journal }, agentEvents({ seq, at, type: "instance.power", instanceId: id, power: "running", reason: null, reach: [] }));
    const power = async () => (await db.instance.findUniqueOrThrow({ where: { id } })).operState;
    await db.instance.update({ where: { id }, data: { operState: "stopped", operJournal: journal, operSeq: 10 } });
    await say(9);
    expect(await power()).toBe("stopped");
    await say(11);
    expect(await power()).toBe("running");
    await db.instance.update({ where: { id }, data: { operState } });
  });

  it("doesn't make an install's log longer than it may be, and has the agent's own notices in it all the same", async () => {
    const { db } = cluster.services;
    const node = await db.node.findFirstOrThrow({ where: { name: "node1" } });
    const install = await db.install.findUniqueOrThrow({ where: { id: last } });
    const at = new Date().toISOString();
    const status = { id: last, instanceId: install.instanceId, state: "done" as const, percent: 100, step: null, steps: [], error: null, committed: true, firstBootAt: null, lastContactAt: null };
    const entry = (n: number, kind: "log" | "notice" = "log") => ({ n, at, kind, author: "guest", text: `a ${kind}`, step: null, percent: null });
    await ingestAgentEvents(cluster.services, { nodeId: node.id, journal: crypto.randomUUID() }, agentEvents({ seq: 1, at, type: "install.entries", installId: last, entries: [entry(900), entry(30_000), entry(30_001, "notice"), entry(1_000_000), entry(1_000_001, "notice")], status }));
    const found = await db.installEvent.findMany({ where: { installId: last, seq: { gte: 900 } } });
    expect(found.map(({ seq, text }) => [seq, text])).toEqual([[900, "a log"], [30_001, "a notice"]]);
  });
});

describe("what is past its time", () => {
  it("goes, except the last install of an instance", async () => {
    const { db } = cluster.services;
    const old = new Date(Date.now() - 400 * 86_400_000);
    await db.install.updateMany({ data: { endedAt: old } });
    await db.job.updateMany({ data: { endedAt: old } });
    await pruneHistory(cluster.services, new AbortController().signal);
    expect((await db.install.findMany()).map((install) => install.id)).toEqual([last]);
    expect(await db.installEvent.count({ where: { installId: first } })).toBe(0);
    expect(await db.installEvent.count({ where: { installId: last } })).toBeGreaterThan(0);
    expect(await db.job.count()).toBe(1);
    expect((await getInstance(cluster.admin, "web.example.test")).install?.id).toBe(last);
  });

  it("goes from the queue's own tables too, and what living controllers need stays", async () => {
    const { db, controllerId } = cluster.services;
    const gone = ownTask(crypto.randomUUID());
    await addTask(db, { task: gone, jobId: 1 });
    await db.$executeRaw`SELECT 1 FROM graphile_worker.remove_job(${`${gone}:1`}::text)`;
    const pool = createPool(cluster.test.database.url, { connections: 1, name: "test" });
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    await cleanQueue(cluster.services, pool);
    await pool.end();
    const names = (await db.$queryRaw<{ identifier: string }[]>`SELECT identifier FROM graphile_worker._private_tasks`).map(({ identifier }) => identifier);
    expect(names).toContain(ownTask(controllerId));
    expect(names).not.toContain(gone);
    await create(cluster.admin, newInstance("after.example.test"));
  });
});
