import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { connect } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AgentClient, agentCodeOf, createAgentClient } from "#lib/agent-protocol/client.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { exampleInstance, exampleOrder, powerOrder } from "../testing/orders.ts";
import { createTestPki, type PartyCredentials, type TestPki } from "../testing/pki.ts";
import { followEvents, followInstall } from "../testing/follow.ts";
import { type SimulatedAgent, startSimulatedAgent } from "./start-simulated-agent.ts";

let pki: TestPki;
let controller: PartyCredentials;
let server: PartyCredentials;
let agent: SimulatedAgent;
let client: AgentClient;

beforeAll(async () => {
  pki = await createTestPki();
  [controller, server] = await Promise.all([pki.issue("controller"), pki.issue("node1")]);
});
beforeEach(async () => {
  agent = await startSimulatedAgent({ nodeName: "node1", tls: server, allowedClients: ["controller"] });
  client = createAgentClient({ address: agent.address, serverName: "node1", tls: controller });
});
afterEach(async () => {
  client.close();
  await agent.close();
});

function named(name: string) {
  return exampleOrder({ instance: exampleInstance({ name }) });
}

describe("OS definitions of a node", () => {
  test("are none on a simulated one, and are asked for by a definition's name only", async () => {
    expect(await client.listOsDefinitions()).toEqual({ folders: [] });
    await expect(client.fetchOsDefinition("debian")).rejects.toSatisfy((error) => agentCodeOf(error) === "unknown_object");
    await expect(client.fetchOsDefinition("../facts")).rejects.toMatchObject({ code: "invalid", field: "name" });
  });
});

describe("the way to an agent", () => {
  test("is closed to a name that isn't on the list, to another authority, and to nobody in particular", async () => {
    const strangers = [await pki.issue("somebody"), { ...(await (await createTestPki()).issue("controller")), ca: controller.ca }];
    const [other, foreign] = strangers.map((tls) => createAgentClient({ address: agent.address, serverName: "node1", tls }));
    await expect(other?.facts()).rejects.toSatisfy((error) => agentCodeOf(error) === "not_allowed");
    await expect(foreign?.facts()).rejects.toMatchObject({ code: "node_unreachable" });
    for (const stranger of [other, foreign]) stranger?.close();
    const nobody = connect({ ...agent.address, ca: controller.ca, servername: "node1" });
    nobody.on("error", () => undefined).write("GET /v1/facts HTTP/1.1\r\nhost: node1\r\n\r\n");
    let said = "";
    nobody.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => nobody.once("close", resolve));
    expect(said).toBe("");
  });

  test("closes for good, also where a handshake is under way", async () => {
    // Between the two: passes on the client's first message, and what follows once the agent is closing.
    const toAgent = connectTcp(agent.address.port, agent.address.host);
    const middle = createTcpServer((fromClient) => {
      fromClient.once("data", (hello: Buffer) => {
        toAgent.write(hello);
        fromClient.pause();
        middle.once("release", () => fromClient.pipe(toAgent));
      });
      toAgent.pipe(fromClient);
    }).listen(0, "127.0.0.1");
    await once(middle, "listening");
    // A server that listens on TCP has an address of this kind.
    const { port } = middle.address() as AddressInfo;
    const late = connect({ port, host: "127.0.0.1", ...controller, servername: "node1" });
    const gone = new Promise((resolve) => late.on("error", () => undefined).once("close", resolve).resume());
    // The client is done; the agent still waits for what is held back.
    await once(late, "secureConnect");
    const closed = agent.close();
    await new Promise((resolve) => setImmediate(resolve));
    middle.emit("release");
    await Promise.all([closed, gone]);
    middle.close();
  });

  test("is closed to TLS below 1.3", async () => {
    const old = connect({ ...agent.address, ...controller, servername: "node1", maxVersion: "TLSv1.2" });
    await expect(new Promise((resolve, reject) => old.once("secureConnect", resolve).once("error", reject))).rejects.toThrow();
  });

  test("leads to the node that was meant", async () => {
    const elsewhere = createAgentClient({ address: agent.address, serverName: "node2", tls: controller });
    await expect(elsewhere.facts()).rejects.toMatchObject({ code: "node_unreachable" });
    elsewhere.close();
  });

  test("tells what is wrong with a message by its field, never by its value", async () => {
    const order = { ...exampleOrder(), leaseSeconds: 1 };
    await expect(client.install(order)).rejects.toMatchObject({ code: "node_refused", agentCode: "invalid", field: "leaseSeconds" });
    for (const line of ["two\nlines", "", "x".repeat(4_097)]) {
      await expect(client.sendToGuest(order.instance.id, { id: randomUUID(), author: "user anna", line })).rejects.toMatchObject({ agentCode: "invalid", field: "line" });
    }
  });

  test("refuses a blob that isn't what its digest says", async () => {
    const bytes = Buffer.from("content");
    const digest = createHash("sha256").update(bytes).digest("hex");
    const source = (content: Buffer) => ({ length: content.length, bytes: (async function* () { yield await Promise.resolve(content); })() });
    await expect(client.putBlob(digest, source(Buffer.from("another")))).rejects.toMatchObject({ agentCode: "invalid" });
    expect(await client.missingBlobs([digest])).toEqual([digest]);
    await client.putBlob(digest, source(bytes));
    expect(await client.missingBlobs([digest])).toEqual([]);
  });

  test("ends a stream of events when it is no longer wanted", async () => {
    const ending = new AbortController();
    const stream = client.events({ journal: null, after: 0 }, ending.signal);
    expect((await stream.next()).value).toMatchObject({ kind: "head", head: { lastSeq: 0 } });
    const next = stream.next();
    ending.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe("a simulated agent", () => {
  test("installs, with the states and steps of a real one", async () => {
    const order = named("web1.example.org");
    await client.install(order);
    const { status, events } = await followInstall(client, order.id);
    expect(status).toMatchObject({ state: "done", percent: 100, committed: true });
    expect(status.steps.map(({ id }) => id)).toEqual(["prepare", "appliance", "partition", "unpack", "configure", "swap", "boot"]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(await client.instance(order.instance.id)).toMatchObject({ power: "running" });
  });

  test("fails at the step in its name", async () => {
    const order = named("fails-2.example.org");
    await client.install(order);
    const { status } = await followInstall(client, order.id);
    expect(status).toMatchObject({ state: "failed", error: { code: "script_failed", step: "unpack" }, committed: false });
  });

  test("powers off in silence", async () => {
    const order = named("powers-off.example.org");
    await client.install(order);
    expect((await followInstall(client, order.id)).status).toMatchObject({ state: "failed", error: { code: "guest_silent" } });
  });

  test("hangs until it is cancelled or its time is up", async () => {
    const cancelled = named("hangs.example.org");
    const late = { ...named("hangs.example.org"), timeoutSeconds: 1 };
    await client.install(cancelled);
    await client.install(late);
    await client.cancelInstall(cancelled.id);
    expect((await followInstall(client, cancelled.id)).status).toMatchObject({ state: "cancelled" });
    expect((await followInstall(client, late.id)).status).toMatchObject({ state: "timed_out" });
  });

  test("chatters, several lines an event", async () => {
    const order = named("chatters-3000.example.org");
    await client.install(order);
    const { events } = await followInstall(client, order.id);
    const entries = events.flatMap((event) => (event.type === "install.entries" ? event.entries : []));
    expect(entries.filter(({ kind }) => kind === "log")).toHaveLength(3_000);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
    expect(events.length).toBeLessThan(100);
  });

  test("vanishes, and comes back with its journal", async () => {
    const order = named("vanishes.example.org");
    await client.install(order);
    await expect(followInstall(client, order.id)).rejects.toMatchObject({ code: "node_unreachable" });
    await expect(client.facts()).rejects.toMatchObject({ code: "node_unreachable" });
    await agent.comeBack();
    expect(await client.installStatus(order.id)).toMatchObject({ state: "installing" });
    await client.cancelInstall(order.id);
    expect((await followInstall(client, order.id)).status).toMatchObject({ state: "cancelled" });
  });

  test("sends again what isn't acknowledged, and nothing else", async () => {
    const order = named("web1.example.org");
    await client.install(order);
    const { events } = await followInstall(client, order.id);
    const stream = client.events({ journal: null, after: 0 });
    const head = await stream.next();
    if (head.done === true || head.value.kind !== "head") throw new Error("no head");
    const { journal } = head.value.head;
    await client.acknowledge(journal, 3);
    const again = await followEvents(client, (event) => event.seq === events.length);
    expect(again.map(({ seq }) => seq)[0]).toBe(4);
    await stream.return();
  });

  test("starts and stops, once for each order, and tells when a guest powers itself off", async () => {
    const order = named("web1.example.org");
    await client.install(order);
    await followInstall(client, order.id);
    const stop = powerOrder(order.instance, "stop");
    expect(await client.power(stop)).toMatchObject({ power: "stopped" });
    expect(await client.power(powerOrder(order.instance, "start"))).toMatchObject({ power: "running" });
    expect(await client.power(stop)).toMatchObject({ power: "running" });
    agent.powerOffByItself(order.instance.id);
    await followEvents(client, (event) => event.type === "instance.power" && event.reason === "The system powered itself off.");
    await client.removeInstance(order.instance.id, randomUUID());
    await client.removeInstance(order.instance.id, randomUUID());
  });

  test("has running guests with channels that speak, read, show their keys and want their values again", async () => {
    const nics = exampleInstance().nics.map((nic) => ({ ...nic, mode: "user", forwards: [22] }));
    const instance = exampleInstance({ communication: true, nics });
    const order = exampleOrder({ instance });
    const { id } = instance;
    await client.install(order);
    await followInstall(client, order.id);
    expect((await client.instance(id)).reach).toMatchObject([{ nic: 0, guestPort: 22, host: "127.0.0.1" }]);
    const message = { id: randomUUID(), author: "user anna", line: "hello" };
    await client.sendToGuest(id, message);
    await client.sendToGuest(id, message);
    expect(agent.guestReads(id)).toEqual(["hello"]);
    agent.guestSays(id, "hello back");
    const said = await followEvents(client, (event) => event.type === "instance.lines");
    expect(said.at(-1)).toMatchObject({ lines: [{ kind: "message", author: "user anna", text: "hello" }, { kind: "log", author: "guest", text: "hello back" }] });
    agent.guestShowsHostKeys(id, [{ type: "ssh-ed25519", key: "AAAA" }]);
    await followEvents(client, (event) => event.type === "instance.host-keys" && event.instanceId === id);

    expect(await client.wantedGuestData()).toEqual([]);
    agent.forgetGuestData();
    expect(await client.wantedGuestData()).toEqual([id]);
    await client.putGuestData(id, { parameters: new Map([["p", { visibility: "private", value: privateValue("x") }]]), userData: privateValue("y") });
    expect(await client.wantedGuestData()).toEqual([]);

    await client.power(powerOrder(instance, "stop"));
    await expect(client.sendToGuest(id, { ...message, id: randomUUID() })).rejects.toSatisfy((error) => agentCodeOf(error) === "conflict");
    await client.power(powerOrder({ ...instance, communication: false }, "start"));
    await expect(client.sendToGuest(id, { ...message, id: randomUUID() })).rejects.toSatisfy((error) => agentCodeOf(error) === "conflict");
  });

  test("takes what is said to an install's guest into the install's log", async () => {
    const order = named("hangs.example.org");
    await client.install(order);
    await client.sendToGuest(order.instance.id, { id: randomUUID(), author: "user anna", line: "go on" });
    const events = await followEvents(client, (event) => event.type === "install.entries" && event.entries.some(({ kind }) => kind === "message"));
    const entries = events.flatMap((event) => (event.type === "install.entries" ? event.entries : []));
    expect(entries.find(({ kind }) => kind === "message")).toMatchObject({ author: "user anna", text: "go on" });
  });
});
