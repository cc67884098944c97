import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { SimulatedBackend } from "#agent/simulated/simulated-backend.ts";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { exampleInstance, exampleOrder } from "#agent/testing/orders.ts";
import type { Services } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import { ingestAgentEvents } from "#lib/installs/ingest-agent-events.ts";
import { CONTROLLER_NAME } from "#lib/pki/certificate-authority.ts";
import { generateKeys, KEY_ALGORITHM, privateKeyToPem, SIGNING_ALGORITHM } from "#lib/pki/keys.ts";
import * as x509 from "#lib/pki/x509.ts";
import { registerController, renewControllerLease } from "./controller-lease.ts";
import type { IngestEvents } from "./follow-node.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { NodeFollowers } from "./node-followers.ts";
import { startNodeFollowers } from "./node-followers.ts";

let open: TestServices;
let services: Services;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  open = await openTestServices();
  services = open.services;
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await services.db.controller.deleteMany();
});
afterAll(() => open.close());

interface TestNode {
  readonly id: string;
  readonly name: string;
  readonly agent: SimulatedAgent;
}

/** A node as enrolment leaves it, and its agent. */
async function startNode(name: string): Promise<TestNode> {
  const keys = await generateKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=agent", keys, signingAlgorithm: { ...KEY_ALGORITHM, ...SIGNING_ALGORITHM } });
  const { certificate, fingerprint } = await services.pki.signAgentRequest(csr.toString("pem"), name);
  const agent = await startSimulatedAgent({
    nodeName: name,
    tls: { cert: certificate, key: await privateKeyToPem(keys.privateKey), ca: services.pki.caCertificate },
    allowedClients: [CONTROLLER_NAME],
  });
  ends.push(() => agent.close());
  const row = await services.db.node.create({ data: { name, address: `https://127.0.0.1:${agent.address.port}`, certificate: fingerprint } });
  ends.push(async () => {
    await services.db.node.update({ where: { id: row.id }, data: { offline: true } });
  });
  return { id: row.id, name, agent };
}

async function follow(at: Services, ingest: IngestEvents = ingestAgentEvents): Promise<NodeFollowers> {
  if ((await at.db.controller.count({ where: { id: at.controllerId } })) === 0) await registerController(at.db, at.controllerId, ["worker"]);
  const followers = startNodeFollowers(at, ingest);
  ends.push(() => followers.close());
  return followers;
}

/** Resolves when the condition holds, looked at after each event of the feed and each change of a node. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const news: { wake: () => void } = { wake: () => undefined };
  const offs = [services.feed.onEvent(() => news.wake()), services.notifications.on("slipway_node", () => news.wake())];
  try {
    for (;;) {
      const next = new Promise<void>((resolve) => {
        news.wake = resolve;
      });
      if (await condition()) return;
      await next;
    }
  } finally {
    for (const off of offs) off();
  }
}
const isOnline = (node: TestNode) => async () => (await services.db.node.findUniqueOrThrow({ where: { id: node.id } })).state === "online";

/** An install in the database that the node's agent carries out. `chatters-N` in the name: N lines of log. */
async function startInstall(node: TestNode, name: string): Promise<string> {
  const instance = await services.db.instance.create({ data: { name, nodeId: node.id, memoryMib: 256 } });
  const id = randomUUID();
  const request = { kind: "instance.create", installId: id, start: true, before: { adminState: "stopped", installState: null, installId: null } };
  const job = await services.db.job.create({
    data: { status: "running", ops: [{ OP_ID: "OP_INSTANCE_CREATE" }], opStatus: ["running"], opResult: [null], summary: ["INSTANCE_CREATE"], request, requester: "test", interface: "api", instanceId: instance.id },
  });
  const plan = { operation: "create", osType: "debian", runs: [], completion: "reported", replacesDisk: { index: 0, sizeMib: 1_024 }, keepsDisks: [], steps: [] };
  await services.db.install.create({ data: { id, jobId: job.id, instanceId: instance.id, nodeId: node.id, plan, parameters: [], acknowledged: true, orderSentAt: new Date() } });
  const client = await services.agents.client(node.id);
  await client.install(exampleOrder({ id, instance: exampleInstance({ id: instance.id, name }) }));
  return id;
}
const isOver = (installId: string) => async () => (await services.db.install.findUniqueOrThrow({ where: { id: installId } })).endedAt !== null;

/** The log's numbers in the database, and those that the feed told of, in order. */
async function told(installId: string): Promise<{ readonly stored: number[]; readonly announced: number[] }> {
  const stored = await services.db.installEvent.findMany({ where: { installId }, orderBy: { seq: "asc" }, select: { seq: true } });
  const events = await services.db.event.findMany({ where: { type: "install.progress", objectId: installId }, orderBy: { id: "asc" } });
  const announced = events.flatMap(({ payload }) => {
    if (typeof payload !== "object" || payload === null || !("firstSeq" in payload) || !("lastSeq" in payload)) return [];
    const { firstSeq, lastSeq } = payload;
    if (typeof firstSeq !== "number" || typeof lastSeq !== "number") return [];
    return Array.from({ length: lastSeq - firstSeq + 1 }, (_, n) => firstSeq + n);
  });
  return { stored: stored.map(({ seq }) => seq), announced };
}
const from1 = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe("a node", () => {
  test("is found by a controller that runs already, and is online with its facts", async () => {
    const followers = await follow(services);
    const node = await startNode("found");
    await until(isOnline(node));
    expect(followers.nodeIds()).toEqual([node.id]);
    expect(await services.db.node.findUniqueOrThrow({ where: { id: node.id } })).toMatchObject({ stateReason: null, followerId: services.controllerId, facts: { mode: "simulated" } });
  });

  test("that doesn't answer is unreachable, and why; and is online again when it answers", async () => {
    const node = await startNode("comes-and-goes");
    await follow(services);
    await until(isOnline(node));
    await node.agent.vanish();
    await until(async () => !(await isOnline(node)()));
    const gone = await services.db.node.findUniqueOrThrow({ where: { id: node.id } });
    expect(gone.state).toBe("unreachable");
    expect(gone.stateReason).toMatch(/^The agent/);
    await node.agent.comeBack();
    await until(isOnline(node));
  });

  test("whose agent is of another release says which of the two is to be upgraded", async () => {
    const node = await startNode("of-old");
    const answer: unknown = { protocol: 3, agentVersion: "0.3.0" };
    // What an agent of another release says has no type here.
    const facts = vi.spyOn(SimulatedBackend.prototype, "facts").mockResolvedValue(answer as never);
    ends.push(async () => {
      await Promise.resolve();
      facts.mockRestore();
    });
    await follow(services);
    await until(async () => (await services.db.node.findUniqueOrThrow({ where: { id: node.id } })).stateReason === "The agent of node of-old speaks version 3 of the protocol, and this controller version 4. Upgrade the agent.");
  });

  test("whose certificate was replaced in the cluster is no longer believed", async () => {
    const node = await startNode("replaced");
    await follow(services);
    await until(isOnline(node));
    await services.db.node.update({ where: { id: node.id }, data: { certificate: "0".repeat(64) } });
    await until(async () => (await services.db.node.findUniqueOrThrow({ where: { id: node.id } })).stateReason?.includes("ERR_CERTIFICATE_REPLACED") === true);
  });

  test("has one follower, however many controllers look for one", async () => {
    const nodes = [];
    for (let n = 0; n < 6; n++) nodes.push(await startNode(`shared-${n}`));
    const another = await open.openAnother();
    const [one, other] = await Promise.all([follow(services), follow(another.services)]);
    for (const node of nodes) await until(isOnline(node));
    expect([...one.nodeIds(), ...other.nodeIds()].sort()).toEqual(nodes.map(({ id }) => id).sort());
  });
});

describe("an agent's events", () => {
  test("are taken in once each, though the connection breaks and the follower crashes after commits", async () => {
    const node = await startNode("once");
    let batches = 0;
    const crashing: IngestEvents = async (...args) => {
      const upTo = await ingestAgentEvents(...args);
      batches += 1;
      // Committed, and not acknowledged: the agent sends it all again.
      if (batches % 2 === 1 && batches < 6) throw new Error("crashed after the commit");
      return upTo;
    };
    await follow(services, crashing);
    await until(isOnline(node));
    const installId = await startInstall(node, "chatters-3000.example.org");
    await until(async () => (await services.db.installEvent.count({ where: { installId } })) > 0);
    await node.agent.vanish();
    await node.agent.comeBack();
    await until(isOver(installId));
    const { stored, announced } = await told(installId);
    expect(batches).toBeGreaterThan(1);
    expect(stored.length).toBeGreaterThan(1_000);
    expect(stored).toEqual(from1(stored.length));
    expect(announced).toEqual(stored);
  });

  test("are read on by another controller where the first one stopped", async () => {
    const node = await startNode("handed-on");
    const another = await open.openAnother();
    const first = await follow(services);
    await until(isOnline(node));
    const installId = await startInstall(node, "chatters-2000.example.org");
    await until(async () => (await services.db.installEvent.count({ where: { installId } })) > 0);
    await first.close();
    await follow(another.services);
    await services.db.controller.delete({ where: { id: services.controllerId } });
    await until(isOver(installId));
    const { stored, announced } = await told(installId);
    expect(stored).toEqual(from1(stored.length));
    expect(announced).toEqual(stored);
  });
});

describe("a controller that is gone", () => {
  test("has its nodes taken over when its lease has run out, and has to end if it comes back", async () => {
    const node = await startNode("orphan");
    const lost = await open.openAnother();
    const followers = await follow(lost.services);
    await until(isOnline(node));
    await followers.close();
    await services.db.controller.update({ where: { id: lost.services.controllerId }, data: { leaseUntil: new Date(Date.now() - 1_000) } });

    await follow(services);
    await services.db.controller.delete({ where: { id: services.controllerId } }); // startHeartbeat registers it
    const heartbeat = await startHeartbeat(services, () => expect.unreachable());
    ends.push(() => heartbeat.leave());
    await until(async () => (await services.db.node.findUniqueOrThrow({ where: { id: node.id } })).followerId === services.controllerId);
    await until(async () => (await services.db.controller.count({ where: { id: lost.services.controllerId } })) === 0);
    expect(await renewControllerLease(lost.services.db, lost.services.controllerId)).toBe(false);
    // Its new follower is the one who notices.
    await node.agent.vanish();
    await until(async () => !(await isOnline(node)()));
  });
});
