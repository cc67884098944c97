import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followEvents, followInstall, statusIn } from "#agent/testing/follow.ts";
import { exampleOrder } from "#agent/testing/orders.ts";
import type { AgentEvent, InstallOrder, InstallStatus } from "#lib/agent-protocol/messages.ts";
import type { ActiveInstallState } from "#lib/domain/install-states.ts";
import { makeDisk, makePackage } from "../installs/images.ts";
import { Bed } from "./bed.ts";
import { prepareAppliance, prepareDefinition, type SmallDefinition } from "./definition.ts";
import { FileServer } from "./file-server.ts";
import { addressesOf, channelInstance, probeDisks } from "./guests.ts";
import { addressPlan } from "./hostile-plan.ts";
import { guestLeavings } from "./namespace.ts";
import { NODE_FAULTS, strike } from "./node-faults.ts";
import { commandLines, listProcesses, until } from "./processes.ts";
import { Undo } from "./undo.ts";
import { askAsGuest, RELAY_PORT } from "./visit.ts";

const place = inject("network");
const TEST_MS = 180_000;
const LINES = 8;
/** Says a line every half second: what is killed meanwhile has to be there again for all of them to arrive. */
const TALKS = `n=0; while [ $n -lt ${LINES} ]; do n=$((n + 1)); echo "line $n"; sleep 0.5; done`;
const WRITES = 'echo system | dd of="$DISK_0_PATH" conv=notrunc,fsync';
/** By which a process of the script is known. */
const WORD = "40991";

const undo = new Undo();
let bed: Bed;
let server: FileServer;
let last = 60;

async function orderOf(definition: SmallDefinition, change: Partial<InstallOrder> = {}): Promise<InstallOrder> {
  last++;
  const instance = channelInstance(`crash${last}.example.org`, `169.254.0.${last}`, { disks: [{ id: randomUUID(), index: 0, sizeMib: 16, name: null }] });
  return { ...exampleOrder({ ...(await prepareDefinition(bed.client, place, definition)), instance, applianceIp: `169.254.1.${last}`, start: false }), allowPrivate: ["127.0.0.1"], ...change };
}

/** Without a definition: what the smallest system's disk and a package need. */
function plain(order: InstallOrder, change: Partial<InstallOrder>): InstallOrder {
  return { ...order, os: null, appliance: null, completion: "written", ...change };
}

function linesOf(events: readonly AgentEvent[], installId: string): string[] {
  return events.flatMap((event) => (event.type === "install.entries" && event.installId === installId ? event.entries.map(({ text }) => text ?? "") : []));
}
async function untilLine(order: InstallOrder, line: string): Promise<void> {
  await followEvents(bed.client, (event) => linesOf([event], order.id).includes(line));
}
async function untilState(order: InstallOrder, state: ActiveInstallState): Promise<void> {
  await followEvents(bed.client, (event) => statusIn(event, order.id)?.state === state);
}
/** Until it is in a state, and its guest runs: from then on nothing but the guest's own way is under way. */
async function untilGuestRuns(order: InstallOrder, state: ActiveInstallState): Promise<void> {
  await untilState(order, state);
  await until("the guest", () => (listProcesses().some(({ name }) => name.startsWith("qemu-system")) ? true : null));
}

async function expectDone(order: InstallOrder): Promise<{ readonly status: InstallStatus; readonly lines: string[] }> {
  const { status, events } = await followInstall(bed.client, order.id);
  expect(status).toMatchObject({ state: "done", committed: true, error: null });
  return { status, lines: linesOf(events, order.id) };
}
async function expectNothingLeft(): Promise<void> {
  expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
  expect(listProcesses().filter(({ name }) => name.startsWith("qemu-system"))).toEqual([]);
}
async function expectNoScriptLeft(): Promise<void> {
  await until("the end of the script's processes", () => (commandLines().some((words) => words.includes(WORD)) ? null : true));
  await until("the end of the script's place", async () => ((await readdir(path.join(bed.helper.runFolder, "scripts"))).length === 0 ? true : null));
}
/** Whatever was killed, it is whole again. */
async function expectNextWorks(): Promise<void> {
  const next = await orderOf({ create: WRITES });
  await bed.client.install(next);
  await expectDone(next);
  await expectNothingLeft();
}

beforeAll(async () => {
  bed = await Bed.start(place, { settings: { host_scripts: "yes", script_limits: "optional" } });
  undo.push(() => bed.end());
  server = await FileServer.start();
  undo.push(() => server.close());
});
afterAll(() => undo.all());

describe.each(NODE_FAULTS)("kill -9 of %s", (fault) => {
  test("while parameters are verified goes unnoticed by the install", async () => {
    const order = await orderOf({ verify: TALKS, create: WRITES });
    await bed.client.install(order);
    await untilLine(order, "line 1");
    await strike(bed, fault);
    const { lines } = await expectDone(order);
    expect(lines.filter((line) => line.startsWith("line "))).toHaveLength(LINES);
    await expectNothingLeft();
  }, TEST_MS);

  test("while an image is fetched goes unnoticed, and the appliance afterwards has its channel", async () => {
    const name = `${randomUUID()}.raw`;
    const { url, release } = server.serveHeld(name, await makeDisk("an image"));
    const order = await orderOf({ create: TALKS }, { image: { location: url, format: "raw", compression: "none", checksum: null, contentChecksum: null } });
    await bed.client.install(order);
    await untilState(order, "imaging");
    await strike(bed, fault);
    release();
    const { lines } = await expectDone(order);
    expect(lines.filter((line) => line.startsWith("line "))).toHaveLength(LINES);
    await expectNothingLeft();
  }, TEST_MS);

  test("while a package is laid over the system goes unnoticed", async () => {
    const order = await orderOf({ create: WRITES });
    const image = { location: server.serve("system.raw", await makeDisk("a system")), format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
    const url = server.serve("site.tgz", await makePackage({ "etc/motd": "from the package\n" }));
    const packaged = plain(order, { image, package: { url, checksum: null, credentials: null }, appliance: await prepareAppliance(bed.client, place, { isFull: true }) });
    await bed.client.install(packaged);
    await untilGuestRuns(packaged, "personalizing");
    await strike(bed, fault);
    await expectDone(packaged);
    expect(execFileSync("debugfs", ["-R", "cat /etc/motd", `${path.join(bed.instanceFolder(packaged.instance), "disk-0")}?offset=1048576`], { encoding: "utf8" })).toBe("from the package\n");
    await expectNothingLeft();
  }, TEST_MS);

  test("while a system starts for the first time leaves it running, with its metadata", async () => {
    const order = await orderOf({
      image: path.join(place.guests, "probe.raw"),
      create: 'dd if="$SLIPWAY_OS_IMAGE" of="$DISK_0_PATH" bs=1M conv=fsync; printf %s "$OSP_PLAN" | dd of="$DISK_1_PATH" conv=notrunc,fsync',
      bootMarker: "probe relay listens",
    });
    const instance = { ...order.instance, disks: probeDisks() };
    const { ip } = addressesOf(instance);
    const plan = [...addressPlan(addressesOf(instance)), `relay relay ${RELAY_PORT}`, ""].join("\n");
    const booting = { ...order, instance, start: true, parameters: new Map([["plan", { visibility: "public", value: plan } as const]]) };
    await bed.client.install(booting);
    await untilGuestRuns(booting, "starting");
    await strike(bed, fault);
    const { status } = await expectDone(booting);
    expect(status.firstBootAt).not.toBeNull();
    await until("its metadata", async () => ((await askAsGuest(ip, "/latest/meta-data/hostname")).body === instance.name ? true : null));
    await bed.power(instance, "stop");
    await expectNothingLeft();
  }, TEST_MS);

  test("while a script runs on the node leaves nothing of the script, and says whether it was ended", async () => {
    const order = { ...(await orderOf({ host: `setsid sleep ${WORD} & ${TALKS}; ${fault === "dnsmasq" ? WRITES : `sleep ${WORD}`}` })), appliance: null };
    await bed.client.install(order);
    await untilLine(order, "line 1");
    await strike(bed, fault);
    if (fault === "dnsmasq") await expectDone(order);
    else {
      const { status } = await followInstall(bed.client, order.id);
      expect(status).toMatchObject({ state: "failed", committed: false, error: { code: "internal", message: "The node's privileged helper has gone, and the script on the node with it." } });
      expect(existsSync(path.join(bed.instanceFolder(order.instance), "disk-0"))).toBe(false);
    }
    await expectNoScriptLeft();
    await expectNothingLeft();
    await expectNextWorks();
  }, TEST_MS);
});

test("kill -9 of the agent while a script runs on the node ends the script, and the install is taken back", async () => {
  const order = { ...(await orderOf({ host: `echo "line 1"; sleep ${WORD}` })), appliance: null };
  await bed.client.install(order);
  await untilLine(order, "line 1");
  await bed.agent.end("SIGKILL");
  await expectNoScriptLeft();
  await bed.restartAgent();
  expect(await bed.client.installStatus(order.id)).toMatchObject({ state: "failed", error: { code: "agent_restarted" }, committed: false });
  expect(existsSync(path.join(bed.instanceFolder(order.instance), "disk-0"))).toBe(false);
  await expectNextWorks();
}, TEST_MS);
