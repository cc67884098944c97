import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followEvents, followInstall, statusIn } from "#agent/testing/follow.ts";
import { exampleOrder } from "#agent/testing/orders.ts";
import type { InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { Bed } from "./bed.ts";
import { prepareDefinition } from "./definition.ts";
import { addressesOf, channelInstance, probeDisks } from "./guests.ts";
import { addressPlan } from "./hostile-plan.ts";
import { guestLeavings, ip, nft } from "./namespace.ts";
import { NODE_FAULTS, strike } from "./node-faults.ts";
import { until } from "./processes.ts";
import { Undo } from "./undo.ts";
import { askAsGuest, RELAY_PORT } from "./visit.ts";

const place = inject("network");
const TEST_MS = 120_000;
const LINES = 8;
/** Says a line every half second: what is killed meanwhile has to be there again for all of them to arrive. */
const TALKS = `echo '{"step":"unpack"}'; n=0; while [ $n -lt ${LINES} ]; do n=$((n + 1)); echo "line $n"; sleep 0.5; done; echo system | dd of="$DISK_0_PATH" conv=fsync`;
const WRITES = `echo '{"step":"unpack"}'; echo system | dd of="$DISK_0_PATH" conv=fsync`;
const HANGS = `echo system | dd of="$DISK_0_PATH" conv=fsync; echo '{"step":"unpack"}'; sleep 1000`;
const CANARY = "user-data-of-the-running-guest";

const undo = new Undo();
let bed: Bed;
let last = 40;

async function orderOf(create: string): Promise<InstallOrder> {
  last++;
  const instance = channelInstance(`crash${last}.example.org`, `169.254.0.${last}`, { disks: [{ id: randomUUID(), index: 0, sizeMib: 16, name: null }] });
  return exampleOrder({ ...(await prepareDefinition(bed.client, place, { create })), instance, applianceIp: `169.254.1.${last}`, start: false });
}

async function orderInstall(create: string): Promise<InstallOrder> {
  const accepted = await orderOf(create);
  await bed.client.install(accepted);
  return accepted;
}

/** Until the script has begun. It has to go on for a while: what is over at once is never seen under way. */
async function beginInstall(create: string): Promise<InstallOrder> {
  const begun = await orderInstall(create);
  await followEvents(bed.client, (event) => statusIn(event, begun.id)?.step === "unpack");
  return begun;
}

async function expectInstallEndsWell(order: InstallOrder, lines = LINES): Promise<void> {
  const { status, events } = await followInstall(bed.client, order.id);
  expect(status).toMatchObject({ state: "done", committed: true, error: null });
  const said = events.flatMap((event) => (event.type === "install.entries" && event.installId === order.id ? event.entries.map(({ text }) => text) : []));
  expect(said.filter((text) => text?.startsWith("line "))).toEqual(Array.from({ length: lines }, (_, index) => `line ${index + 1}`));
  await expectNothingLeft();
}

async function expectNothingLeft(): Promise<void> {
  expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
}

beforeAll(async () => {
  bed = await Bed.start(place);
  undo.push(() => bed.end());
});
afterAll(() => undo.all());

describe("in the middle of an install, kill -9", () => {
  test("of the agent takes the install back, and the next one works", async () => {
    const order = await beginInstall(HANGS);
    expect((await guestLeavings()).links).toHaveLength(1);
    await bed.agent.end("SIGKILL");
    await bed.restartAgent();
    expect(await bed.client.installStatus(order.id)).toMatchObject({ state: "failed", error: { code: "agent_restarted" }, committed: false });
    await until("the end of what the install had", async () => ((await guestLeavings()).links.length === 0 ? true : null));
    await expectNothingLeft();
    expect(existsSync(path.join(bed.instanceFolder(order.instance), "disk-0"))).toBe(false);
    await expectInstallEndsWell(await orderInstall(WRITES), 0);
  }, TEST_MS);

  test.each(NODE_FAULTS)("of %s goes unnoticed by the install", async (fault) => {
    const order = await beginInstall(TALKS);
    await strike(bed, fault);
    await expectInstallEndsWell(order);
    await expectInstallEndsWell(await orderInstall(WRITES), 0);
  }, TEST_MS);
});

describe("a running guest", () => {
  let guest: InstanceSpec;
  const data = { parameters: new Map(), userData: privateValue(CANARY) };
  const ask = (path: string): ReturnType<typeof askAsGuest> => askAsGuest(addressesOf(guest).ip, path);
  const NAME = { status: 200, body: "running.example.org" };
  /** Whatever is being made good takes its time; milliseconds are fine. */
  const untilNamed = (): Promise<true> => until("its metadata", async () => ((await ask("/latest/meta-data/hostname")).status === 200 ? true : null));

  beforeAll(async () => {
    guest = channelInstance("running.example.org", "169.254.0.30", { disks: probeDisks() });
    await bed.placeDisks(guest, [{ copyOf: path.join(place.guests, "probe.raw") }, { text: [...addressPlan(addressesOf(guest)), `relay relay ${RELAY_PORT}`, ""].join("\n") }]);
    await bed.power(guest, "start", data);
    await bed.untilConsoleSays(guest, /probe relay listens/);
    expect(await ask("/latest/user-data")).toEqual({ status: 200, body: CANARY });
  }, TEST_MS);

  test("keeps its metadata when the agent is killed, and its private values come back with the controller", async () => {
    await bed.agent.end("SIGKILL");
    expect((await ask("/latest/meta-data/hostname")).status).toBeNull();
    await bed.restartAgent();
    expect(await ask("/latest/meta-data/hostname")).toEqual(NAME);
    expect(await bed.client.wantedGuestData()).toEqual([guest.id]);
    expect(await ask("/latest/user-data")).toMatchObject({ status: 503, body: "" });
    await bed.client.putGuestData(guest.id, data);
    expect(await ask("/latest/user-data")).toEqual({ status: 200, body: CANARY });
    expect(await bed.client.wantedGuestData()).toEqual([]);
  }, TEST_MS);

  test("keeps them when the helper is killed, as a whole or in part", async () => {
    await strike(bed, "the helper's worker");
    await untilNamed();
    await strike(bed, "the whole helper");
    await untilNamed();
    expect((await guestLeavings()).links).toHaveLength(1);
  }, TEST_MS);

  test("keeps them when the host's own rules are loaded anew", async () => {
    await nft("flush", "ruleset");
    await untilNamed();
    expect((await guestLeavings()).elements.length).toBeGreaterThan(0);
  }, TEST_MS);

  test("takes everything with it that the helper has made", async () => {
    await bed.power(guest, "stop");
    await expectNothingLeft();
    expect(await ip("-brief", "link")).not.toContain("gnt.");
  });
});
