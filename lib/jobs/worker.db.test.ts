import { afterEach, beforeEach, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, newInstance, nodeIsOnline, openInstallCluster } from "#lib/installs/testing.ts";

let cluster: InstallCluster;
let orders: string[];
beforeEach(async () => {
  orders = [];
  cluster = await openInstallCluster((options) =>
    startSimulatedAgent({
      ...options,
      behaviourOf: ({ instance }) => {
        orders.push(instance.name);
        return { kind: "succeeds" };
      },
    }),
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
