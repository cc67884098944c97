import { randomUUID } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DiskOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { exampleInstance, powerOrder } from "../testing/orders.ts";
import { installsWell } from "../testing/scripted-hypervisor.ts";

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
