import { randomUUID } from "node:crypto";
import { open, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DiskOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { exampleInstance, powerOrder } from "../testing/orders.ts";
import { installsWell } from "../testing/scripted-hypervisor.ts";
import { writeDurably } from "../files.ts";
import { DiskOrderRecords } from "./disk-order-record.ts";

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.remove();
});

const folderOf = (instance: InstanceSpec): string => join(bench.dataDir, "instances", instance.id);
async function contentOf(instance: InstanceSpec, name = "disk-0"): Promise<string> {
  const disk = await open(join(folderOf(instance), name));
  const { buffer } = await disk.read({ buffer: Buffer.alloc(80) });
  await disk.close();
  return buffer.toString("utf8");
}
async function previousOf(instance: InstanceSpec): Promise<string[]> {
  return (await readdir(folderOf(instance))).filter((name) => name.includes(".previous-")).sort();
}
const rollback = (instance: InstanceSpec, installId: string): DiskOrder & { readonly action: "rollback" } => ({
  ...{ action: "rollback", orderId: randomUUID(), installId, keepAs: randomUUID(), retainSeconds: 600, graceSeconds: 0, start: null, instance, guestData: null, erase: true },
});

test("an install that is over is taken back with all disks that it replaced, whatever agents came and went, and brought back", async () => {
  const disks = [0, 1, 2].map((index) => ({ id: randomUUID(), index, sizeMib: 8, name: null }));
  const first = bench.order({ instance: exampleInstance({ disks }) });
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  const { instance } = first;
  const before = await contentOf(instance);
  const second = bench.order({ operation: "reinstall", instance, start: null, replaceDataDisks: [2], retainPreviousSeconds: 600 });
  expect(await bench.run(second)).toMatchObject({ state: "done" });
  const after = await contentOf(instance);
  expect(after).not.toBe(before);
  expect(await previousOf(instance)).toEqual([`disk-0.previous-${second.id}`, `disk-2.previous-${second.id}`]);

  await bench.crash();
  const back = rollback(instance, second.id);
  expect(await bench.agent().diskOrder(instance.id, back)).toEqual({ power: "running", usedMib: 0 });
  expect(await contentOf(instance)).toBe(before);
  expect(await previousOf(instance)).toEqual([`disk-0.previous-${back.keepAs}`, `disk-2.previous-${back.keepAs}`]);

  await bench.crash();
  await bench.agent().diskOrder(instance.id, rollback(instance, back.keepAs));
  expect(await contentOf(instance)).toBe(after);
  await expect(bench.agent().diskOrder(instance.id, rollback(instance, second.id))).rejects.toMatchObject({ code: "conflict", field: "installId" });
});

test("an install under way and a failed one leave nothing to go back to, and the one before still can be taken back", async () => {
  const first = bench.order();
  await bench.run(first);
  const { instance } = first;
  const before = await contentOf(instance);
  const second = bench.order({ operation: "reinstall", instance, start: null, retainPreviousSeconds: 600 });
  await bench.run(second);
  bench.hypervisor.appliance = (machine) => machine.report(1);
  const third = bench.order({ operation: "reinstall", instance, start: null, retainPreviousSeconds: 600 });
  expect(await bench.run(third)).toMatchObject({ state: "failed" });
  await expect(bench.agent().diskOrder(instance.id, rollback(instance, third.id))).rejects.toMatchObject({ code: "conflict" });
  await bench.agent().diskOrder(instance.id, rollback(instance, second.id));
  expect(await contentOf(instance)).toBe(before);
});

test("a system that has come back and may show an old secret isn't logged until it is started with its values", async () => {
  const parameters = new Map([["root_password", { visibility: "secret" as const, value: secretValue("an-old-secret-canary") }]]);
  const first = bench.order({ parameters });
  await bench.run(first);
  const { instance } = first;
  const second = bench.order({ operation: "reinstall", instance, start: null, retainPreviousSeconds: 600 });
  await bench.run(second);
  bench.hypervisor.instance = (machine) => {
    machine.say("my password is an-old-secret-canary\n");
    return new Promise((resolve) => {
      machine.ended.addEventListener("abort", () => {
        resolve();
      });
    });
  };
  await bench.agent().diskOrder(instance.id, rollback(instance, second.id));
  await bench.agent().power(instance.id, powerOrder(instance, "stop"));
  expect(await bench.serialLog(instance.id)).not.toContain("canary");
});

test("a copy can be taken of what an install has made, and not while one is under way", async () => {
  const first = bench.order({ start: false });
  await bench.run(first);
  const { instance } = first;
  const content = await contentOf(instance);
  const snapshotId = randomUUID();
  await bench.agent().diskOrder(instance.id, { action: "snapshot", orderId: randomUUID(), snapshotId, disks: [0] });
  let refused: unknown = null;
  bench.hypervisor.appliance = async (machine) => {
    refused = await bench.agent().diskOrder(instance.id, { action: "restore-snapshot", orderId: randomUUID(), snapshotId, disks: [0], erase: false }).catch((error: unknown) => error);
    await installsWell(machine);
  };
  await bench.run(bench.order({ operation: "reinstall", instance, start: false }));
  expect(refused).toMatchObject({ code: "conflict" });
  expect(await contentOf(instance)).not.toBe(content);
  await bench.agent().diskOrder(instance.id, { action: "restore-snapshot", orderId: randomUUID(), snapshotId, disks: [0], erase: false });
  expect(await contentOf(instance)).toBe(content);
});

test("a rollback that was half done when the node went down is finished, though the previous disks' time was over meanwhile", async () => {
  const disks = [0, 1].map((index) => ({ id: randomUUID(), index, sizeMib: 8, name: null }));
  const first = bench.order({ instance: exampleInstance({ disks }), start: false });
  await bench.run(first);
  const { instance } = first;
  const write = async (name: string, text: string): Promise<void> => {
    const disk = await open(join(folderOf(instance), name), "r+");
    await disk.write(Buffer.from(text.padEnd(80, " ")), 0);
    await disk.close();
  };
  await write("disk-1", "data of before");
  const second = bench.order({ operation: "reinstall", instance, start: false, replaceDataDisks: [1], retainPreviousSeconds: 600 });
  await bench.run(second);
  const order = rollback(instance, second.id);
  // kill -9 after the first disk's rename.
  let renames = 0;
  const never = new Promise<never>(() => undefined);
  vi.spyOn(DiskOrderRecords.prototype, "save").mockImplementation(function (this: DiskOrderRecords, record) {
    renames += record.phase === "swapping" ? 1 : 0;
    return renames === 0 ? writeDurably(join(bench.dataDir, "disk-orders", `${record.orderId}.json`), JSON.stringify(record)) : never;
  });
  void bench.agent().diskOrder(instance.id, order);
  await vi.waitUntil(() => renames > 0, { timeout: 20_000 });
  vi.restoreAllMocks();
  const recordFile = join(bench.dataDir, "disk-orders", `${order.orderId}.json`);
  // The tests' own view of records whose form the agent fixes.
  const change = async (file: string, what: object): Promise<void> => writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, "utf8")) as object), ...what }));
  await change(recordFile, { phase: "swapping" });
  await rename(join(folderOf(instance), `disk-0.previous-${second.id}`), join(folderOf(instance), "disk-0"));
  await change(join(bench.dataDir, "installs", `${second.id}.json`), { previousUntil: new Date(Date.now() - 1_000).toISOString() });
  await bench.crash();
  expect(await contentOf(instance, "disk-1")).toContain("data of before");
  expect(await previousOf(instance)).toEqual([`disk-0.previous-${order.keepAs}`, `disk-1.previous-${order.keepAs}`]);
});
