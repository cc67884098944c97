import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { registerController } from "#lib/agents/controller-lease.ts";
import { contextOf } from "#lib/context/testing.ts";
import type { Services } from "#lib/context/context.ts";
import { buildOrder } from "#lib/installs/build-order.ts";
import { loadInstall } from "#lib/installs/load-install.ts";
import { orderParts } from "#lib/installs/order-parts.ts";
import { endLapsedInstalls } from "#lib/installs/keep-leases.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, nodeIsOnline, openInstallCluster, until } from "#lib/installs/testing.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { setInstancePower } from "#lib/instances/set-instance-power.ts";
import { cancelJob } from "./cancel-job.ts";
import { getJob } from "./get-job.ts";
import { takeOverJobs } from "./take-over-jobs.ts";

let cluster: InstallCluster;
/** What installs do, and how long a unit of their work takes. */
let behaviour: "succeeds" | "hangs";
let orders: string[];
beforeEach(async () => {
  behaviour = "succeeds";
  orders = [];
  cluster = await openInstallCluster(
    (options) =>
      startSimulatedAgent({
        ...options,
        workMs: 20,
        behaviourOf: ({ instance }) => {
          orders.push(instance.name);
          return { kind: behaviour };
        },
      }),
    { controller: false },
  );
  // Following alone brings the node online; jobs wait until a test starts a worker.
  const { stop } = await cluster.startController(cluster.services, { worker: false });
  await nodeIsOnline(cluster.services);
  await stop();
  await cluster.services.db.node.updateMany({ data: { followerId: null } });
});
afterEach(() => cluster.close());

const reinstall = reinstallInputSchema.parse({ parameters: { secret: { root_password: "root-canary-9" } } });
const running = (job: { readonly log: readonly { readonly message: string }[] }): boolean => job.log.some((line) => line.message.includes("create scripts"));

describe("cancelling", () => {
  it("a queued job ends it at once, and nothing is ordered afterwards", async () => {
    const { jobId } = await createInstance(cluster.admin, newInstance("queued.example.test"));
    expect(await cancelJob(cluster.admin, jobId)).toEqual({ cancelled: true, message: `Dequeued job ${jobId}` });
    expect(await getJob(cluster.admin, jobId)).toMatchObject({ status: "canceled", opStatus: ["canceled"], opResult: [null] });
    expect(await getInstance(cluster.admin, "queued.example.test")).toMatchObject({ lockedByJobId: null, install: { state: "cancelled" } });
    await cluster.startController(cluster.services);
    await create(cluster.admin, newInstance("later.example.test"));
    expect(orders).toEqual(["later.example.test"]);
  });

  it("a running creation leaves it stopped and not installed", async () => {
    behaviour = "hangs";
    await cluster.startController(cluster.services);
    const { jobId } = await createInstance(cluster.admin, newInstance("running.example.test"));
    await until(cluster.admin, jobId, running);
    expect(await cancelJob(cluster.admin, jobId)).toMatchObject({ cancelled: true });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "canceled", cancelRequested: true });
    expect(await getInstance(cluster.admin, "running.example.test")).toMatchObject({ status: "install_failed", install: { state: "cancelled" }, lockedByJobId: null });
  });

  it("a running reinstall leaves the instance as it was, running", async () => {
    await cluster.startController(cluster.services);
    await create(cluster.admin, newInstance("re.example.test"));
    behaviour = "hangs";
    const { jobId } = await reinstallInstance(cluster.admin, "re.example.test", reinstall);
    await until(cluster.admin, jobId, running);
    await cancelJob(cluster.admin, jobId);
    expect((await ended(cluster.admin, jobId)).status).toBe("canceled");
    expect(await getInstance(cluster.admin, "re.example.test")).toMatchObject({ status: "running", install: { state: "cancelled" } });
  });

  it("a job that has ended changes nothing", async () => {
    await cluster.startController(cluster.services);
    const job = await create(cluster.admin, newInstance("done.example.test"));
    expect(await cancelJob(cluster.admin, job.id)).toEqual({ cancelled: false, message: `Job ${job.id} is no longer waiting in the queue` });
    expect((await getJob(cluster.admin, job.id)).status).toBe("success");
  });

  it("twice is one cancellation", async () => {
    behaviour = "hangs";
    await cluster.startController(cluster.services);
    const { jobId } = await createInstance(cluster.admin, newInstance("twice.example.test"));
    await until(cluster.admin, jobId, running);
    const answers = await Promise.all([cancelJob(cluster.admin, jobId), cancelJob(cluster.admin, jobId)]);
    expect(answers.every((answer) => answer.cancelled)).toBe(true);
    expect((await ended(cluster.admin, jobId)).status).toBe("canceled");
  });
});

describe("when the process that accepted a job is gone", () => {
  let lost: Services;
  beforeEach(async () => {
    lost = (await cluster.test.openAnother()).services;
    await registerController(lost.db, lost.controllerId, ["web"]);
  });
  const accept = async (name: string): Promise<number> => (await createInstance(contextOf(lost, cluster.admin.identity), newInstance(name))).jobId;

  it("a job with secrets whose order wasn't sent fails, and names what to send again", async () => {
    const jobId = await accept("lost.example.test");
    await cluster.startController(cluster.services);
    expect(await takeOverJobs(cluster.services, lost.controllerId)).toEqual({ resumed: 0, failed: 1 });
    expect(await getJob(cluster.admin, jobId)).toMatchObject({ status: "error", error: { code: "process_lost", message: "The process that held this job's secrets is gone. Send these again: root_password." } });
    expect(await getInstance(cluster.admin, "lost.example.test")).toMatchObject({ status: "install_failed", lockedByJobId: null });
    expect(orders).toEqual([]);
    expect(await takeOverJobs(cluster.services, lost.controllerId)).toEqual({ resumed: 0, failed: 0 });
  });

  it("no other process runs its job with secrets meanwhile", async () => {
    const jobId = await accept("waiting.example.test");
    await cluster.startController(cluster.services);
    await create(cluster.admin, newInstance("other.example.test"));
    expect((await getJob(cluster.admin, jobId)).status).toBe("queued");
  });

  it("a job whose order may be with the agent, and isn't, fails after asking", async () => {
    const jobId = await accept("unsent.example.test");
    await lost.db.install.updateMany({ where: { jobId }, data: { orderSentAt: new Date() } });
    await cluster.startController(cluster.services);
    expect(await takeOverJobs(cluster.services, lost.controllerId)).toEqual({ resumed: 0, failed: 0 });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "error", error: { code: "process_lost" } });
  });

  it("a job whose order is with the agent, unknown to the database, is followed to its end", async () => {
    const jobId = await accept("sent.example.test");
    const { id, nodeId } = await lost.db.install.findFirstOrThrow({ where: { jobId } });
    await lost.db.job.update({ where: { id: jobId }, data: { status: "running", executorId: lost.controllerId } });
    await lost.db.install.update({ where: { id }, data: { orderSentAt: new Date() } });
    const install = await loadInstall(lost, id);
    await (await lost.agents.client(nodeId)).install(await buildOrder(lost, install, await orderParts(lost, install)));
    await cluster.startController(cluster.services, { followers: false });
    await takeOverJobs(cluster.services, lost.controllerId);
    await cluster.startController(cluster.services, { worker: false });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
    expect(await getInstance(cluster.admin, "sent.example.test")).toMatchObject({ status: "running", parameters: [{ visibility: "private", isSet: true }, { visibility: "secret" }, { visibility: "public" }] });
  });

  it("a job that the agent has acknowledged goes on without it", async () => {
    const first = await cluster.startController(lost);
    const jobId = await accept("acknowledged.example.test");
    await until(contextOf(lost, cluster.admin.identity), jobId, running);
    await first.stop();
    await lost.db.node.updateMany({ data: { followerId: null } });
    await cluster.startController(cluster.services);
    expect(await takeOverJobs(cluster.services, lost.controllerId)).toEqual({ resumed: 0, failed: 0 });
    expect(await ended(cluster.admin, jobId)).toMatchObject({ status: "success" });
  });

  it("a job without secrets is carried out by another one", async () => {
    const first = await cluster.startController(cluster.services);
    await create(cluster.admin, newInstance("plain.example.test"));
    await first.stop();
    const { jobId } = await setInstancePower(contextOf(lost, cluster.admin.identity), "plain.example.test", { action: "stop", graceSeconds: 0 });
    await lost.db.job.update({ where: { id: jobId }, data: { status: "running", executorId: lost.controllerId } });
    await lost.db.controller.delete({ where: { id: lost.controllerId } });
    expect(await takeOverJobs(cluster.services, lost.controllerId)).toEqual({ resumed: 1, failed: 0 });
    const another = (await cluster.test.openAnother()).services;
    await cluster.startController(another);
    expect(await ended(contextOf(another, cluster.admin.identity), jobId)).toMatchObject({ status: "success" });
  });
});

describe("when a node is gone", () => {
  const past = new Date(Date.now() - 600_000);

  it("an install isn't called failed while its lease holds, and is when it has run out", async () => {
    await cluster.startController(cluster.services);
    await create(cluster.admin, newInstance("gone.example.test"));
    behaviour = "hangs";
    const { jobId } = await reinstallInstance(cluster.admin, "gone.example.test", reinstall);
    await until(cluster.admin, jobId, running);
    await cluster.agent.vanish();
    expect(await endLapsedInstalls(cluster.services)).toBe(0);
    expect((await getJob(cluster.admin, jobId)).status).toBe("running");
    await cluster.services.db.install.updateMany({ where: { jobId }, data: { leaseUntil: past } });
    expect(await endLapsedInstalls(cluster.services)).toBe(1);
    const job = await getJob(cluster.admin, jobId);
    expect(job).toMatchObject({ status: "error", error: { code: "node_unreachable" } });
    expect(job.error?.message).toContain("node1");
    const row = await cluster.services.db.instance.findUniqueOrThrow({ where: { name: "gone.example.test" } });
    expect(row).toMatchObject({ installState: "done", adminState: "running", lockedByJobId: null });
  });

  it("and had swapped the disk all the same, the instance's record says so once it is back", async () => {
    await cluster.startController(cluster.services);
    const { jobId } = await createInstance(cluster.admin, newInstance("late.example.test"));
    await until(cluster.admin, jobId, running);
    await cluster.agent.vanish();
    await cluster.services.db.install.updateMany({ where: { jobId }, data: { leaseUntil: past } });
    await endLapsedInstalls(cluster.services);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stop = cluster.services.feed.onEvent(({ payload }) => {
      if (payload.type === "instance.changed") void cluster.services.db.instance.count({ where: { installState: "done" } }).then((count) => count > 0 && resolve(undefined));
    });
    await cluster.agent.comeBack();
    await promise;
    stop();
    const instance = await getInstance(cluster.admin, "late.example.test");
    expect(instance).toMatchObject({ status: "running", install: { state: "failed" } });
    // Its private value was the job's, and went with it: the next install asks for it.
    expect(instance.parameters.map((parameter) => parameter.name)).toEqual(["root_password", "suffix"]);
  });

  it("before the order was sent, the job fails naming it", async () => {
    await cluster.agent.vanish();
    await cluster.startController(cluster.services, { followers: false });
    const { jobId } = await createInstance(cluster.admin, newInstance("never.example.test"));
    await until(cluster.admin, jobId, (job) => job.status === "running");
    await cluster.services.db.job.update({ where: { id: jobId }, data: { startedAt: past } });
    const job = await ended(cluster.admin, jobId);
    expect(job).toMatchObject({ status: "error", error: { code: "node_unreachable" } });
    expect(job.error?.message).toContain("node1");
    expect(orders).toEqual([]);
  });

  it("a request for it is refused before anything is stored", async () => {
    await cluster.services.db.node.updateMany({ data: { state: "unreachable", stateReason: "connection refused" } });
    await expect(createInstance(cluster.admin, newInstance("x.example.test", { node: "node1" }))).rejects.toMatchObject({ code: "node_unreachable" });
    expect(await cluster.services.db.instance.count()).toBe(0);
    expect(await cluster.services.db.job.count()).toBe(0);
  });
});
