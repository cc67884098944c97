import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { connect } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AgentClient, agentCodeOf, createAgentClient } from "#lib/agent-protocol/client.ts";
import type { AgentEvent, DiskOrder, InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { exampleInstance, exampleOrder, powerOrder } from "../testing/orders.ts";
import { createTestPki, type PartyCredentials, type TestPki } from "../testing/pki.ts";
import { followEvents, followInstall, statusIn } from "../testing/follow.ts";
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

describe("a simulated agent of the whole procedure", () => {
  const image = { location: "https://images.example.org/system.qcow2", format: "qcow2", compression: "none", checksum: null, contentChecksum: null } as const;
  const archive = { url: "https://images.example.org/files.tgz", checksum: null, credentials: null };
  const appliance = { kernelDigest: "0".repeat(64), initrdDigest: "0".repeat(64), rootDigest: "0".repeat(64), contract: 2 };
  const statesOf = (events: readonly AgentEvent[]): string[] => [...new Set(events.flatMap((event) => (event.type === "install.state" ? [event.status.state] : [])))];
  async function installs(order: InstallOrder) {
    await client.install(order);
    return followInstall(client, order.id);
  }
  async function untilStep(installId: string, step: string): Promise<void> {
    await followEvents(client, (event) => statusIn(event, installId)?.step === step);
  }
  const rollback = (instance: InstanceSpec, installId: string, keepAs: string = randomUUID()): DiskOrder => ({
    ...{ action: "rollback", orderId: randomUUID(), installId, keepAs, retainSeconds: 60, graceSeconds: 0, start: null, instance, guestData: null, erase: false },
  });

  test("goes through image, script and package, and says what they were", async () => {
    const { status, events } = await installs({ ...named("web1.example.org"), image, package: archive });
    expect(statesOf(events)).toEqual(["accepted", "queued", "preparing", "imaging", "installing", "personalizing", "verifying", "starting", "done"]);
    expect(status.facts).toMatchObject({ image: { virtualBytes: 16 * 1_048_576 }, package: { bytes: 4 * 1_048_576 }, media: [], files: [] });
  });

  test("writes an image alone, without a script", async () => {
    const { status, events } = await installs({ ...named("web1.example.org"), os: null, appliance: null, image, completion: "written" });
    expect(status).toMatchObject({ state: "done", confirmed: null });
    expect(statesOf(events)).not.toContain("installing");
  });

  test.each([
    ["web1", true],
    ["stays-silent", false],
  ])("%s ends a medium's install, which is confirmed: %s", async (name, confirmed) => {
    const order = { ...named(`${name}.example.org`), os: null, appliance: null, medium: { cdrom_image_path: "/srv/images/debian.iso", boot_order: "cdrom" }, completion: "first_boot" as const, timeoutSeconds: 1 };
    const { status } = await installs(order);
    expect(status).toMatchObject({ state: "done", confirmed });
    expect(status.facts.media).toMatchObject([{ name: "cdrom_image_path" }]);
  });

  test("waits for a first boot's report until somebody ends that, and fails where the report says so", async () => {
    const waits = { ...named("stays-silent.example.org"), os: null, appliance: null, image, completion: "first_boot" as const };
    await client.install(waits);
    await untilStep(waits.id, "boot");
    expect(agent.systemOf(waits.instance.id)).toBe(waits.id);
    await client.completeInstall(waits.id);
    expect((await followInstall(client, waits.id)).status).toMatchObject({ state: "done", confirmed: true });
    const before = named("web2.example.org");
    await installs(before);
    const fails = { ...waits, id: randomUUID(), operation: "reinstall" as const, instance: { ...before.instance, name: "reports-3.example.org" } };
    expect((await installs(fails)).status).toMatchObject({ state: "failed", committed: false, error: { step: "boot" } });
    expect(agent.systemOf(before.instance.id)).toBe(before.id);
    expect(await client.instance(before.instance.id)).toMatchObject({ power: "running" });
  });

  test("ends no wait that there isn't", async () => {
    const order = named("holds-at-prepare.example.org");
    await client.install(order);
    await untilStep(order.id, "prepare");
    await expect(client.completeInstall(order.id)).rejects.toSatisfy((error) => agentCodeOf(error) === "conflict");
  });

  test.each(["prepare", "image", "appliance", "personalize", "swap", "boot"])("fails at %s and leaves the instance as it was", async (step) => {
    const first = named("web1.example.org");
    await installs(first);
    const order = { ...first, id: randomUUID(), operation: "reinstall" as const, image, package: archive, instance: { ...first.instance, name: `fails-at-${step}.example.org` } };
    expect((await installs(order)).status).toMatchObject({ state: "failed", error: { step }, committed: false });
    expect(agent.systemOf(first.instance.id)).toBe(first.id);
    expect(await client.instance(first.instance.id)).toMatchObject({ power: "running", installId: null });
  });

  test("holds in a step until it is told to go on", async () => {
    const order = named("holds-at-swap.example.org");
    await client.install(order);
    await untilStep(order.id, "swap");
    expect(agent.systemOf(order.instance.id)).toBeNull();
    agent.goOn(order.id);
    expect((await followInstall(client, order.id)).status).toMatchObject({ state: "done" });
  });

  test("in place, can't put back what it has begun to write over", async () => {
    const first = named("web1.example.org");
    await installs(first);
    const order = { ...first, id: randomUUID(), operation: "reinstall" as const, inPlace: true, instance: { ...first.instance, name: "fails-2.example.org" } };
    expect((await installs(order)).status).toMatchObject({ state: "failed", overwritten: true });
    expect(agent.systemOf(first.instance.id)).toBe("overwritten");
    expect(await client.instance(first.instance.id)).toMatchObject({ power: "stopped" });
  });

  test("rolls back, and back again", async () => {
    const first = named("web1.example.org");
    await installs(first);
    const second = { ...first, id: randomUUID(), operation: "reinstall" as const };
    await installs(second);
    const order = rollback(first.instance, second.id);
    expect(await client.diskOrder(first.instance.id, order)).toEqual({ power: "running", usedMib: 0 });
    expect(await client.diskOrder(first.instance.id, order)).toEqual({ power: "running", usedMib: 0 });
    expect(agent.systemOf(first.instance.id)).toBe(first.id);
    if (order.action !== "rollback") throw new Error("another order");
    await client.diskOrder(first.instance.id, rollback(first.instance, order.keepAs));
    expect(agent.systemOf(first.instance.id)).toBe(second.id);
    await expect(client.diskOrder(first.instance.id, rollback(first.instance, first.id))).rejects.toMatchObject({ agentCode: "conflict", field: "installId" });
    await expect(client.diskOrder(randomUUID(), order)).rejects.toMatchObject({ agentCode: "invalid", field: "instance.id" });
  });

  test("takes snapshots of what is stopped, and puts them back", async () => {
    const first = { ...named("web1.example.org"), start: false };
    await installs(first);
    const { id } = first.instance;
    const snapshotId = randomUUID();
    expect((await client.diskOrder(id, { action: "snapshot", orderId: randomUUID(), snapshotId, disks: [0] })).usedMib).toBeGreaterThan(0);
    await installs({ ...first, id: randomUUID(), operation: "reinstall" });
    await client.diskOrder(id, { action: "restore-snapshot", orderId: randomUUID(), snapshotId, disks: [0], erase: true });
    expect(agent.systemOf(id)).toBe(first.id);
    await client.diskOrder(id, { action: "delete-snapshot", orderId: randomUUID(), snapshotId, erase: true });
    await expect(client.diskOrder(id, { action: "restore-snapshot", orderId: randomUUID(), snapshotId, disks: [0], erase: true })).rejects.toMatchObject({ agentCode: "unknown_object" });
    await client.power(powerOrder(first.instance, "start"));
    await expect(client.diskOrder(id, { action: "snapshot", orderId: randomUUID(), snapshotId, disks: [0] })).rejects.toMatchObject({ agentCode: "conflict" });
  });

  test("exports to files, which go to another node and are taken in there", async () => {
    const first = named("web1.example.org");
    await installs(first);
    const exportId = randomUUID();
    const { status } = await installs({ ...first, id: randomUUID(), operation: "export", exportId, start: null });
    expect(status).toMatchObject({ state: "done", committed: false });
    expect(await client.instance(first.instance.id)).toMatchObject({ power: "running" });
    const [file] = status.facts.files;
    if (file === undefined) throw new Error("nothing was exported");
    const there = await startSimulatedAgent({ nodeName: "node1", tls: server, allowedClients: ["controller"] });
    const thither = createAgentClient({ address: there.address, serverName: "node1", tls: controller });
    const order = { ...named("web2.example.org"), operation: "import" as const, exportId, importFiles: [file] };
    await expect(thither.install(order)).rejects.toMatchObject({ agentCode: "unknown_object" });
    const { length, bytes } = await client.readExportFile(exportId, file.name);
    expect(length).toBe(file.bytes);
    await thither.putExportFile(exportId, file, bytes);
    const wrong = { ...file, sha256: "0".repeat(64) };
    await expect(thither.putExportFile(exportId, wrong, (await client.readExportFile(exportId, file.name)).bytes)).rejects.toMatchObject({ agentCode: "checksum_mismatch" });
    await thither.install(order);
    expect((await followInstall(thither, order.id)).status).toMatchObject({ state: "done" });
    await client.removeExport(exportId, { erase: true });
    await client.removeExport(exportId);
    await expect(client.readExportFile(exportId, file.name)).rejects.toMatchObject({ agentCode: "unknown_object" });
    thither.close();
    await there.close();
  });

  test("runs a rescue system until it is stopped", async () => {
    const order = named("web1.example.org");
    await installs(order);
    const rescue = { ...powerOrder(order.instance, "rescue"), appliance };
    expect(await client.power(rescue)).toMatchObject({ power: "running", rescue: true });
    await expect(client.power(powerOrder(order.instance, "start"))).rejects.toMatchObject({ agentCode: "conflict" });
    await followEvents(client, (event) => event.type === "instance.power" && event.rescue);
    expect(await client.power(powerOrder(order.instance, "reboot"))).toMatchObject({ power: "running", rescue: false });
  });

  test("has a serial console, for one at a time, both ways and to the end of the guest", async () => {
    const order = named("web1.example.org");
    await expect(client.openConsole(order.instance.id)).rejects.toMatchObject({ agentCode: "conflict" });
    await installs(order);
    const console = await client.openConsole(order.instance.id);
    const lines = createInterface({ input: console });
    const next = async (): Promise<unknown> => (await once(lines, "line"))[0];
    console.write("whoami\n");
    expect(await next()).toBe("whoami");
    agent.consoleSays(order.instance.id, "root\n");
    expect(await next()).toBe("root");
    await expect(client.openConsole(order.instance.id)).rejects.toMatchObject({ agentCode: "conflict" });
    // It takes none of the connections that calls are made over, and they go on beside it.
    expect(await client.instance(order.instance.id)).toMatchObject({ power: "running" });
    const ended = once(console, "end");
    await client.power(powerOrder(order.instance, "stop"));
    await ended;
    console.destroy();
  });

  test("lets nobody at a console whose name isn't on the list, and nobody anywhere else by an upgrade", async () => {
    const somebody = createAgentClient({ address: agent.address, serverName: "node1", tls: await pki.issue("somebody") });
    await expect(somebody.openConsole(randomUUID())).rejects.toSatisfy((error) => agentCodeOf(error) === "not_allowed");
    somebody.close();
    const raw = connect({ ...agent.address, ...controller, servername: "node1" });
    raw.write("GET /v1/facts HTTP/1.1\r\nhost: node1\r\nconnection: upgrade\r\nupgrade: slipway-console\r\n\r\n");
    // Without an encoding set, a socket yields buffers.
    const [answer] = (await once(raw, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
    raw.destroy();
  });

  test("finds what can be reached, and doesn't find what is missing", async () => {
    const { findings } = await client.probeSources({ image, medium: { cdrom_image_path: "https://images.example.org/missing.iso" }, package: archive, allowPrivate: [] });
    expect(findings.map(({ field, ok }) => [field, ok])).toEqual([["image", true], ["medium.cdrom_image_path", false], ["package", true]]);
  });

  test("leaves calls without an answer, and answers again", async () => {
    const order = named("web1.example.org");
    await installs(order);
    agent.neverAnswer("power");
    const stop = powerOrder(order.instance, "stop");
    await expect(client.power(stop, AbortSignal.timeout(200))).rejects.toThrow();
    expect(await client.instance(order.instance.id)).toMatchObject({ power: "running" });
    agent.answerAgain();
    expect(await client.power(stop)).toMatchObject({ power: "stopped" });
  });

  test("runs scripts on its host only where it says so", async () => {
    const first = named("web1.example.org");
    const order = { ...first, os: { ...first.os, places: ["host" as const] } };
    await expect(client.install(order)).rejects.toMatchObject({ agentCode: "unsupported", field: "os.places" });
    await agent.close();
    agent = await startSimulatedAgent({ nodeName: "node1", tls: server, allowedClients: ["controller"], runsHostScripts: true });
    client.close();
    client = createAgentClient({ address: agent.address, serverName: "node1", tls: controller });
    expect(await client.facts()).toMatchObject({ runsHostScripts: true });
    expect((await installs(order)).status).toMatchObject({ state: "done" });
  });
});
