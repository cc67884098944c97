import { afterEach, beforeEach, expect, it } from "vitest";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { renewLeases } from "#lib/installs/keep-leases.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, nodeIsOnline, openInstallCluster, until } from "#lib/installs/testing.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { createSnapshot } from "#lib/snapshots/create-snapshot.ts";
import { cancelJob } from "./cancel-job.ts";

let cluster: InstallCluster;
let agent: SimulatedAgent;
let orders: string[];
beforeEach(async () => {
  orders = [];
  cluster = await openInstallCluster(
    async (options) =>
      (agent = await startSimulatedAgent({
        ...options,
        behaviourOf: ({ instance }) => {
          orders.push(instance.name);
          return { kind: instance.name.startsWith("hangs") ? "hangs" : "succeeds" };
        },
      })),
  );
  await nodeIsOnline(cluster.services);
});
afterEach(() => cluster.close());

it("goes on with jobs after the database has failed the queue, and runs nothing twice", async () => {
  const { db } = cluster.services;
  // The queue can't mark a task as done, which it takes as a reason to stop.
  await db.$executeRawUnsafe("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$");
  await db.$executeRawUnsafe("CREATE TRIGGER refuse BEFORE DELETE ON graphile_worker._private_jobs FOR EACH ROW EXECUTE FUNCTION refuse()");
  expect(await create(cluster.admin, newInstance("first.example.test"))).toMatchObject({ status: "success" });
  await db.$executeRawUnsafe("DROP TRIGGER refuse ON graphile_worker._private_jobs");
  expect(await create(cluster.admin, newInstance("second.example.test"))).toMatchObject({ status: "success" });
  expect(orders).toEqual(["first.example.test", "second.example.test"]);
});

it("begins and cancels jobs, and renews leases, while a node takes its time over many others", async () => {
  const { admin, services } = cluster;
  const names = Array.from({ length: 20 }, (_, index) => `slow-${index}.example.test`);
  for (const name of names) expect(await create(admin, newInstance(name, { start: false }))).toMatchObject({ status: "success" });
  // More than the queue has places, and than there are connections for what a node answers at once.
  agent.neverAnswer("diskOrder");
  for (const name of names) await createSnapshot(admin, name, { name: "slow" });
  const { jobId, installId } = await createInstance(admin, newInstance("hangs.example.test"));
  await until(admin, jobId, (job) => job.log.some(({ message }) => message.includes("create scripts")));
  const lease = async (): Promise<Date | null> => (await services.db.install.findUniqueOrThrow({ where: { id: installId ?? "" } })).leaseUntil;
  const before = await lease();
  await renewLeases(services, new AbortController().signal);
  expect((await lease())?.getTime()).toBeGreaterThan(before?.getTime() ?? Infinity);
  await cancelJob(admin, jobId);
  expect(await ended(admin, jobId)).toMatchObject({ status: "canceled" });
  expect(await services.db.job.count({ where: { status: "running" } })).toBe(20);
});

it("goes on with a job that outlasted its place in the queue once its node is there again", async () => {
  const name = "patient.example.test";
  await create(cluster.admin, newInstance(name, { start: false }));
  agent.neverAnswer("power");
  const { jobId } = await setInstancePower(cluster.admin, name, { action: "start" });
  const { db } = cluster.services;
  // Its place is free once the queue has no task of it.
  await expect.poll(() => db.$queryRawUnsafe(`SELECT 1 FROM graphile_worker._private_jobs WHERE payload->>'jobId' = '${jobId}'`)).toEqual([]);
  expect(await db.job.findUniqueOrThrow({ where: { id: jobId } })).toMatchObject({ status: "running" });
  await agent.vanish();
  agent.answerAgain();
  await agent.comeBack();
  expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
});

it("has a node look at so many images at once and no more, however many forms are open", async () => {
  const { services } = cluster;
  const { id } = await services.db.node.findFirstOrThrow();
  const client = await services.agents.client(id);
  const image = { location: "https://images.test/a.img", format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
  const probe = (signal?: AbortSignal) => client.probeSources({ image, medium: {}, package: null, allowPrivate: [] }, signal);
  agent.neverAnswer("probeSources");
  const gone = new AbortController();
  const asked = Promise.allSettled(Array.from({ length: 16 }, () => probe(gone.signal)));
  await expect(probe()).rejects.toMatchObject({ code: "too_many_requests" });
  gone.abort();
  await asked;
  agent.answerAgain();
  expect((await probe()).findings).toHaveLength(1);
});
