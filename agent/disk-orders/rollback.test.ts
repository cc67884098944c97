import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { privateValue } from "#lib/domain/visibility.ts";
import { powerOrder } from "../testing/orders.ts";
import { staysSilent } from "../testing/scripted-hypervisor.ts";
import { DiskOrderRecords, type DiskOrderRecord, type DiskWork } from "./disk-order-record.ts";
import { keptDiskFile } from "./kept-disks.ts";
import { createDiskBench, type DiskBench } from "./testing.ts";

let bench: DiskBench;
beforeEach(async () => {
  bench = await createDiskBench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.remove();
});

const BEFORE = { "disk-0": "before-0", "disk-1": "before-1" };
const NOW = { "disk-0": "now-0", "disk-1": "now-1" };

describe("a rollback", () => {
  test("puts every previous disk back, keeps those of now, and starts what ran", async () => {
    await bench.start();
    const order = bench.rollback();
    expect(await bench.orders().carryOut(bench.spec.id, order)).toEqual({ power: "running", usedMib: 0 });
    expect(await bench.disks()).toEqual({ ...BEFORE, [keptDiskFile(0, order.keepAs)]: "now-0", [keptDiskFile(1, order.keepAs)]: "now-1" });
    expect(bench.hypervisor.started).toHaveLength(2);
    const powers = bench.events().flatMap((event) => (event.type === "instance.power" ? [event.power] : []));
    expect(powers).toEqual(["running", "stopped", "running"]);
  });

  test("leads, done twice, to where one was", async () => {
    const there = bench.rollback();
    await bench.orders().carryOut(bench.spec.id, there);
    const back = bench.rollback({ installId: there.keepAs });
    await bench.orders().carryOut(bench.spec.id, back);
    expect(await bench.disks()).toMatchObject(NOW);
    await bench.crash();
    await bench.orders().carryOut(bench.spec.id, bench.rollback({ installId: back.keepAs }));
    expect(await bench.disks()).toMatchObject(BEFORE);
  });

  test("starts and leaves stopped as it is told, whatever ran before", async () => {
    expect(await bench.orders().carryOut(bench.spec.id, bench.rollback())).toMatchObject({ power: "stopped" });
    await bench.remove();
    bench = await createDiskBench();
    expect(await bench.orders().carryOut(bench.spec.id, bench.rollback({ start: true }))).toMatchObject({ power: "running" });
    await bench.remove();
    bench = await createDiskBench();
    await bench.start();
    expect(await bench.orders().carryOut(bench.spec.id, bench.rollback({ start: false }))).toMatchObject({ power: "stopped" });
  });

  test("is one rollback when its order comes twice, also after a restart, and refuses another body under its id", async () => {
    const order = bench.rollback();
    const both = await Promise.all([bench.orders().carryOut(bench.spec.id, order), bench.orders().carryOut(bench.spec.id, order)]);
    expect(both).toEqual([{ power: "stopped", usedMib: 0 }, { power: "stopped", usedMib: 0 }]);
    await bench.crash();
    expect(await bench.orders().carryOut(bench.spec.id, order)).toEqual({ power: "stopped", usedMib: 0 });
    await expect(bench.orders().carryOut(bench.spec.id, { ...order, start: true })).rejects.toMatchObject({ code: "conflict", field: "orderId" });
    expect(await bench.disks()).toMatchObject(BEFORE);
  });

  test("is refused where the previous disks are gone, are another instance's, or an install has the instance; nothing is changed", async () => {
    const before = await bench.disks();
    await expect(bench.orders().carryOut(bench.spec.id, bench.rollback({ installId: randomUUID() }))).rejects.toMatchObject({ code: "conflict", field: "installId" });
    const stranger = { ...bench.spec, id: randomUUID() };
    await expect(bench.orders().carryOut(stranger.id, bench.rollback({ instance: stranger }))).rejects.toMatchObject({ code: "conflict" });
    const instance = await bench.instance();
    instance.installId = randomUUID();
    await expect(bench.orders().carryOut(bench.spec.id, bench.rollback())).rejects.toMatchObject({ code: "conflict" });
    instance.installId = null;
    expect(await bench.disks()).toEqual(before);
    await rm(join(bench.folder, keptDiskFile(0, bench.installId)));
    await expect(bench.orders().carryOut(bench.spec.id, bench.rollback())).rejects.toMatchObject({ code: "conflict", field: "installId" });
  });

  test("holds its instance: no power order, no removal, no other order meanwhile", async () => {
    let pressed = (): void => undefined;
    const stopping = new Promise<void>((resolve) => (pressed = resolve));
    await bench.start();
    const instance = await bench.instance();
    let goOn = (): void => undefined;
    vi.spyOn(instance, "stop").mockImplementationOnce(() => {
      pressed();
      return new Promise((resolve) => (goOn = resolve));
    });
    const order = bench.rollback({ start: false });
    const done = bench.orders().carryOut(bench.spec.id, order);
    await stopping;
    const held = { code: "conflict" };
    await expect(bench.instances().power(powerOrder(bench.spec, "start"))).rejects.toMatchObject(held);
    await expect(bench.instances().remove(bench.spec.id, false)).rejects.toMatchObject(held);
    await expect(bench.orders().carryOut(bench.spec.id, bench.rollback())).rejects.toMatchObject(held);
    goOn();
    await done;
    await bench.instances().remove(bench.spec.id, false);
  });

  test("goes on where the previous system can't be started any more, and says so", async () => {
    bench.hypervisor.refusesInstances = true;
    expect(await bench.orders().carryOut(bench.spec.id, bench.rollback({ start: true }))).toMatchObject({ power: "stopped" });
    expect(bench.events().at(-1)).toMatchObject({ type: "instance.power", power: "stopped" });
  });

  test("is undone where a file can't be named, and can be ordered again", async () => {
    await bench.start();
    const order = bench.rollback();
    const inTheWay = join(bench.folder, keptDiskFile(1, order.keepAs));
    // Found only by its link: the plan looks before.
    const instance = await bench.instance();
    const stop = instance.stop.bind(instance);
    vi.spyOn(instance, "stop").mockImplementationOnce(async (grace) => {
      await link(join(bench.folder, "disk-1"), inTheWay);
      await stop(grace);
    });
    await expect(bench.orders().carryOut(bench.spec.id, order)).rejects.toThrow();
    expect(await bench.disks()).toMatchObject({ ...NOW, [keptDiskFile(0, bench.installId)]: "before-0" });
    expect(instance.isRunning).toBe(true);
    expect(await bench.orders().carryOut(bench.spec.id, order)).toMatchObject({ power: "running" });
    expect(await bench.disks()).toMatchObject(BEFORE);
  });

  test("that can't write down how far it has come keeps both systems for the next process of the agent", async () => {
    const save = Reflect.get(DiskOrderRecords.prototype, "save");
    vi.spyOn(DiskOrderRecords.prototype, "save").mockImplementation(function (this: DiskOrderRecords, record) {
      return record.phase === "committed" ? Promise.reject(new Error("the node's disk is full")) : save.call(this, record);
    });
    const order = bench.rollback();
    await expect(bench.orders().carryOut(bench.spec.id, order)).rejects.toThrow();
    vi.restoreAllMocks();
    await bench.crash();
    expect(await bench.disks()).toEqual({ ...BEFORE, [keptDiskFile(0, order.keepAs)]: "now-0", [keptDiskFile(1, order.keepAs)]: "now-1" });
    expect(await bench.orders().carryOut(bench.spec.id, order)).toEqual({ power: "stopped", usedMib: 0 });
  });

  test("never writes what its guest may read to the disk", async () => {
    const guestData = { parameters: new Map([["password", { visibility: "private" as const, value: privateValue("canary-in-guest-data") }]]), userData: privateValue("canary-in-user-data") };
    const order = bench.rollback({ guestData, start: true });
    await bench.orders().carryOut(bench.spec.id, order);
    const records = await DiskOrderRecords.open(join(bench.dataDir, "disk-orders"));
    expect(JSON.stringify(await records.all(() => undefined))).not.toContain("canary");
    await expect(bench.orders().carryOut(bench.spec.id, order)).resolves.toMatchObject({ power: "running" });
  });
});

describe("a rollback that can neither be finished nor undone", () => {
  test("holds its instance until the next start of the agent brings it to its end", async () => {
    await bench.start();
    const instance = await bench.instance();
    const save = vi.spyOn(instance, "save").mockRejectedValue(new Error("no room"));
    const order = bench.rollback();
    await expect(bench.orders().carryOut(bench.spec.id, order)).rejects.toThrow("no room");
    save.mockRestore();
    await expect(bench.instances().power(powerOrder(bench.spec, "start"))).rejects.toMatchObject({ code: "conflict" });
    expect(await bench.disks()).toMatchObject(NOW);
    await bench.crash();
    expect(await bench.disks()).toEqual({ ...NOW, [keptDiskFile(0, bench.installId)]: "before-0", [keptDiskFile(1, bench.installId)]: "before-1" });
    expect((await bench.instance()).runtime).toMatchObject({ power: "running" });
    expect(await bench.orders().carryOut(bench.spec.id, order)).toMatchObject({ power: "running" });
    expect(await bench.disks()).toMatchObject(BEFORE);
  });
});

describe("the previous disks", () => {
  test("stay while a rollback has them in its hands, though their time is up", async () => {
    await bench.start();
    const instance = await bench.instance();
    const stop = instance.stop.bind(instance);
    vi.spyOn(instance, "stop").mockImplementationOnce(async (grace) => {
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 7_200_000);
      await bench.retention().look();
      await stop(grace);
    });
    await bench.orders().carryOut(bench.spec.id, bench.rollback());
    expect(await bench.disks()).toMatchObject(BEFORE);
  });

  test("go at their time, every one of them", async () => {
    const order = bench.rollback({ retainSeconds: 0 });
    await bench.orders().carryOut(bench.spec.id, order);
    await bench.retention().look();
    expect(await bench.disks()).toEqual(BEFORE);
  });

  test("that a rollback has kept go after a restart too, overwritten where that was ordered", async () => {
    const order = bench.rollback({ retainSeconds: 1, erase: true });
    await bench.orders().carryOut(bench.spec.id, order);
    expect(Object.keys(await bench.disks())).toHaveLength(4);
    await bench.crash();
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 2_000);
    await bench.retention().look();
    expect(await bench.disks()).toEqual(BEFORE);
    await bench.eraser().settled();
    expect(await readdir(join(bench.dataDir, "erasing"))).toEqual([]);
  });
});

describe("an agent that is killed during a rollback", () => {
  /** The record and files as they are at a point, without what comes after it. */
  async function stopAt(point: "before the links" | "between the links" | "before the swap" | "after the swap" | "between the data disks" | "before the start"): Promise<void> {
    await bench.start();
    const order = bench.rollback();
    const file = (name: string): string => join(bench.folder, name);
    const work: DiskWork = {
      action: "rollback",
      installId: bench.installId,
      keepAs: order.keepAs,
      disks: [0, 1],
      retainSeconds: 3_600,
      erase: false,
      spec: bench.spec,
      starts: true,
      before: { spec: bench.spec, wasRunning: true, hasSealedValues: false },
      hasSealedValues: false,
      keptUntil: point === "before the start" ? new Date(Date.now() + 3_600_000).toISOString() : null,
    };
    const reached = ["before the links", "between the links", "before the swap", "after the swap", "between the data disks", "before the start"].indexOf(point);
    const phase = reached < 2 ? "open" : reached < 5 ? "swapping" : "committed";
    const record: DiskOrderRecord = { orderId: order.orderId, instanceId: bench.spec.id, orderDigest: "0", acceptedAt: new Date().toISOString(), phase, work, result: null };
    await (await DiskOrderRecords.open(join(bench.dataDir, "disk-orders"))).save(record);
    await bench.hypervisor.endAll();
    if (reached >= 1) await link(file("disk-0"), file(keptDiskFile(0, order.keepAs)));
    if (reached >= 2) await link(file("disk-1"), file(keptDiskFile(1, order.keepAs)));
    if (reached >= 3) await rename(file(keptDiskFile(0, bench.installId)), file("disk-0"));
    if (reached >= 4) await rename(file(keptDiskFile(1, bench.installId)), file("disk-1"));
    await bench.crash();
  }

  test.each(["before the links", "between the links", "before the swap"] as const)("%s has the instance as it was, with its previous disks, after the restart", async (point) => {
    await stopAt(point);
    expect(await bench.disks()).toEqual({ ...NOW, [keptDiskFile(0, bench.installId)]: "before-0", [keptDiskFile(1, bench.installId)]: "before-1" });
    expect((await bench.instance()).isRunning).toBe(true);
    expect(await readdir(join(bench.dataDir, "disk-orders"))).toEqual([]);
    await bench.orders().carryOut(bench.spec.id, bench.rollback());
    expect(await bench.disks()).toMatchObject(BEFORE);
  });

  test.each(["after the swap", "between the data disks", "before the start"] as const)("%s has the previous system, whole and running, after the restart", async (point) => {
    await stopAt(point);
    const kept = Object.entries(await bench.disks()).filter(([name]) => name.includes("previous"));
    expect(await bench.disks()).toMatchObject(BEFORE);
    expect(kept.map(([, word]) => word)).toEqual(["now-0", "now-1"]);
    expect((await bench.instance()).isRunning).toBe(true);
    expect(existsSync(join(bench.folder, keptDiskFile(0, bench.installId)))).toBe(false);
  });
});

describe("an agent that is shut down during a rollback's grace", () => {
  test("goes at once, and the next one has the instance as it was", async () => {
    let pressed = (): void => undefined;
    const stopping = new Promise<void>((resolve) => (pressed = resolve));
    bench.hypervisor.instance = staysSilent;
    await bench.start();
    const instance = await bench.instance();
    vi.spyOn(instance, "stop").mockImplementationOnce(() => {
      pressed();
      return new Promise(() => undefined);
    });
    const done = expect(bench.orders().carryOut(bench.spec.id, bench.rollback({ graceSeconds: 3_600 }))).rejects.toMatchObject({ code: "agent_restarted" });
    await stopping;
    await bench.orders().close();
    await done;
    await bench.crash();
    expect(await bench.disks()).toMatchObject(NOW);
    expect((await bench.instance()).isRunning).toBe(true);
  });
});
