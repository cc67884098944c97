import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { DiskOrder } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { Rooms } from "../installs/room.ts";
import { DiskOrderRecords, type DiskOrderRecord, type DiskWork } from "./disk-order-record.ts";
import { snapshotFolder } from "./instance-files.ts";
import { createDiskBench, type DiskBench, DISK_BYTES } from "./testing.ts";

// A filesystem that shares blocks has no copies that could fail.
vi.mock("node:fs/promises", async (original) => ({ ...(await original<object>()), copyFile: () => Promise.reject(new Error("this filesystem doesn't share blocks")) }));

let bench: DiskBench;
let snapshotId: string;
beforeEach(async () => {
  bench = await createDiskBench();
  snapshotId = randomUUID();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.remove();
});

const NOW = { "disk-0": "now-0", "disk-1": "now-1" };
const give = (order: DiskOrder) => bench.orders().carryOut(bench.spec.id, order);
const snapshot = (disks = [0, 1], id = snapshotId): DiskOrder => ({ action: "snapshot", orderId: randomUUID(), snapshotId: id, disks });
const restore = (disks = [0, 1], erase = false, id = snapshotId): DiskOrder => ({ action: "restore-snapshot", orderId: randomUUID(), snapshotId: id, disks, erase });
const remove = (erase = false): DiskOrder => ({ action: "delete-snapshot", orderId: randomUUID(), snapshotId, erase });
const inPlace = (): string => snapshotFolder(bench.folder, snapshotId);
const ownDisks = async () => Object.fromEntries(Object.entries(await bench.disks()).filter(([name]) => !name.includes("previous")));
async function change(word: string): Promise<void> {
  for (const index of [0, 1]) {
    const disk = Buffer.alloc(DISK_BYTES);
    disk.write(`${word}-${String(index)}`);
    await writeFile(join(bench.folder, `disk-${String(index)}`), disk);
  }
}

describe("a snapshot", () => {
  test("holds the disks as they were, sparse, and says what it takes", async () => {
    const result = await give(snapshot());
    await change("later");
    expect(await bench.disks(inPlace())).toEqual(NOW);
    expect(result).toMatchObject({ power: "stopped" });
    const { size, blocks } = await stat(join(inPlace(), "disk-0"));
    expect(size).toBe(DISK_BYTES);
    expect(blocks * 512).toBeLessThan(DISK_BYTES);
    // A filesystem that shares blocks takes nothing.
    expect(result.usedMib).toBeLessThanOrEqual(1);
  });

  test("is taken of the disks that are named, once, and not of what runs or isn't there", async () => {
    const order = snapshot([1]);
    await give(order);
    expect(await bench.disks(inPlace())).toEqual({ "disk-1": "now-1" });
    await change("later");
    await give(order);
    expect(await bench.disks(inPlace())).toEqual({ "disk-1": "now-1" });
    await expect(give(snapshot())).rejects.toMatchObject({ code: "exists", field: "snapshotId" });
    await expect(give(snapshot([2], randomUUID()))).rejects.toMatchObject({ code: "conflict", field: "disks" });
    await bench.start();
    await expect(give(snapshot([0], randomUUID()))).rejects.toMatchObject({ code: "conflict" });
    await expect(give(restore([1]))).rejects.toMatchObject({ code: "conflict" });
  });

  test("puts back what it holds, again if need be, and leaves the other disks alone", async () => {
    await give(snapshot());
    await change("later");
    expect(await give(restore([0]))).toEqual({ power: "stopped", usedMib: 0 });
    expect(await ownDisks()).toEqual({ "disk-0": "now-0", "disk-1": "later-1" });
    await give(restore());
    expect(await ownDisks()).toEqual(NOW);
    expect(await bench.disks(inPlace())).toEqual(NOW);
    await expect(give(restore([2]))).rejects.toMatchObject({ code: "conflict", field: "disks" });
    await expect(give(restore([0], false, randomUUID()))).rejects.toMatchObject({ code: "unknown_object" });
  });

  test("has what it replaces overwritten where that is ordered", async () => {
    await give(snapshot());
    await change("later");
    // Whoever has another name of it sees what becomes of it; it is given up once that is gone.
    const discarded: string[] = [];
    const eraser = bench.eraser();
    const discard = eraser.discard.bind(eraser);
    vi.spyOn(eraser, "discard").mockImplementation(async (path, erase) => {
      if (existsSync(path)) discarded.push(`${path.slice(bench.folder.length + 1)} ${String(erase)}`);
      await discard(path, erase);
    });
    await give(restore([0, 1], true));
    expect(discarded).toEqual(["disk-0.replaced true", "disk-1.replaced true"]);
    await give(remove(true));
    expect(discarded.slice(2).every((line) => line.endsWith("true"))).toBe(true);
    expect(discarded).toHaveLength(4);
  });

  test("is deleted, again without harm, also while the instance runs", async () => {
    await give(snapshot());
    await bench.start();
    expect(await give(remove())).toEqual({ power: "running", usedMib: 0 });
    expect(await readdir(join(bench.folder, "snapshots"))).toEqual([]);
    await give(remove());
  });

  test("leaves nothing where there is no room for it, or a disk fails half-way, and can be tried again", async () => {
    vi.spyOn(Rooms.prototype, "reserve").mockRejectedValueOnce(new SlipwayError("no_room", "no room"));
    const order = snapshot();
    await expect(give(order)).rejects.toMatchObject({ code: "no_room" });
    expect(await readdir(join(bench.folder, "snapshots"))).toEqual([]);
    let copies = 0;
    vi.spyOn(Rooms.prototype, "reserve").mockImplementation(() => {
      copies += 1;
      return copies === 2 ? Promise.reject(new Error("broken")) : Promise.resolve();
    });
    await expect(give(order)).rejects.toThrow("broken");
    expect(await readdir(join(bench.folder, "snapshots"))).toEqual([]);
    expect(await give(order)).toMatchObject({ power: "stopped" });
  });

  test("that can't be put back leaves the disks as they were", async () => {
    await give(snapshot());
    await change("later");
    let copies = 0;
    vi.spyOn(Rooms.prototype, "reserve").mockImplementation(() => {
      copies += 1;
      return copies === 2 ? Promise.reject(new Error("broken")) : Promise.resolve();
    });
    await expect(give(restore())).rejects.toThrow("broken");
    expect(await ownDisks()).toEqual({ "disk-0": "later-0", "disk-1": "later-1" });
  });

  test("goes with its instance", async () => {
    await give(snapshot());
    await bench.instances().remove(bench.spec.id, true);
    expect(existsSync(bench.folder)).toBe(false);
    await bench.eraser().settled();
    expect(await readdir(join(bench.dataDir, "erasing"))).toEqual([]);
  });
});

describe("an agent that is killed", () => {
  async function leave(phase: DiskOrderRecord["phase"], work: DiskWork): Promise<void> {
    const record: DiskOrderRecord = { orderId: randomUUID(), instanceId: bench.spec.id, orderDigest: "0", acceptedAt: new Date().toISOString(), phase, work, result: null };
    await (await DiskOrderRecords.open(join(bench.dataDir, "disk-orders"))).save(record);
    await bench.crash();
  }

  test("while it copies leaves no half of a snapshot", async () => {
    await mkdir(`${inPlace()}.partial`, { recursive: true });
    await writeFile(join(`${inPlace()}.partial`, "disk-0"), "half");
    await leave("open", { action: "snapshot", snapshotId, disks: [0, 1] });
    expect(await readdir(join(bench.folder, "snapshots"))).toEqual([]);
    expect(await ownDisks()).toEqual(NOW);
    await give(snapshot());
  });

  test("before it has said that a snapshot is there has it all the same", async () => {
    await give(snapshot());
    await leave("open", { action: "snapshot", snapshotId, disks: [0, 1] });
    expect(await bench.disks(inPlace())).toEqual(NOW);
  });

  test("while it copies back has the disks as they were", async () => {
    await give(snapshot());
    await change("later");
    await writeFile(join(bench.folder, "disk-0.restoring"), "half");
    await leave("open", { action: "restore-snapshot", snapshotId, disks: [0, 1], erase: true });
    expect(await ownDisks()).toEqual({ "disk-0": "later-0", "disk-1": "later-1" });
  });

  test.each([0, 1, 2])("after %i of the renames of two disks has both from the snapshot", async (renames) => {
    await give(snapshot());
    await change("later");
    const file = (name: string): string => join(bench.folder, name);
    for (const index of [0, 1]) {
      const copy = Buffer.alloc(DISK_BYTES);
      copy.write(`now-${String(index)}`);
      await writeFile(file(`disk-${String(index)}.restoring`), copy);
      if (index < renames) {
        await link(file(`disk-${String(index)}`), file(`disk-${String(index)}.replaced`));
        await rename(file(`disk-${String(index)}.restoring`), file(`disk-${String(index)}`));
      }
    }
    await leave("swapping", { action: "restore-snapshot", snapshotId, disks: [0, 1], erase: true });
    expect(await ownDisks()).toEqual(NOW);
  });

  test("once the first disk is put back has the others put back too, whatever stood in the way", async () => {
    await give(snapshot());
    await change("later");
    const file = join(bench.folder, "disk-1");
    await rm(file);
    await mkdir(file);
    await expect(give(restore())).rejects.toThrow();
    await rmdir(file);
    await bench.crash();
    expect(await ownDisks()).toEqual(NOW);
  });

  test("while it deletes a snapshot has it deleted", async () => {
    await give(snapshot());
    await rename(inPlace(), `${inPlace()}.partial`);
    await leave("open", { action: "delete-snapshot", snapshotId, erase: true });
    expect(await readdir(join(bench.folder, "snapshots"))).toEqual([]);
  });
});
