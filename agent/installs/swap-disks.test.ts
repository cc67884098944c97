import { randomUUID } from "node:crypto";
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Eraser } from "../disk-orders/erase.ts";
import { discardNew, finishSwap, swapBack } from "./swap-disks.ts";

let folder: string;
let eraser: Eraser;
const id = randomUUID();
const kept = (index: number): string => `disk-${String(index)}.previous-${id}`;
beforeEach(async () => {
  const base = await mkdtemp(join(tmpdir(), "swap-"));
  folder = join(base, "instance");
  await mkdir(folder);
  eraser = await Eraser.open({ folder: join(base, "erasing"), log: pino({ level: "silent" }) });
  // Disks 0 and 1 are replaced, disk 2 is new, disk 3 stays.
  for (const [name, content] of [["disk-0", "old 0"], ["disk-1", "old 1"], ["disk-3", "old 3"], ["disk-0.new", "new 0"], ["disk-1.new", "new 1"], ["disk-2.new", "new 2"]] as const) await put(name, content);
});
afterEach(async () => {
  await eraser.close();
  await rm(join(folder, ".."), { recursive: true });
});

async function put(name: string, content: string): Promise<void> {
  await writeFile(join(folder, name), content);
}
async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), "utf8")]));
  return Object.fromEntries(entries);
}
const at = (name: string): string => join(folder, name);
/** What a swap does to the folder, one durable step after the other. */
const SWAP: readonly (() => Promise<void>)[] = [
  () => link(at("disk-0"), at(kept(0))),
  () => link(at("disk-1"), at(kept(1))),
  () => rename(at("disk-0.new"), at("disk-0")),
  () => rename(at("disk-1.new"), at("disk-1")),
  () => rename(at("disk-2.new"), at("disk-2")),
];
const COMMIT = 3;
const OLD = { "disk-0": "old 0", "disk-1": "old 1", "disk-3": "old 3" };
const NEW = { "disk-0": "new 0", [kept(0)]: "old 0", "disk-1": "new 1", [kept(1)]: "old 1", "disk-2": "new 2", "disk-3": "old 3" };

describe("a swap that was broken off", () => {
  for (let steps = 0; steps <= SWAP.length; steps += 1) {
    test(`after ${String(steps)} of its steps ${steps < COMMIT ? "is as if it had never begun" : "is finished"}`, async () => {
      for (const step of SWAP.slice(0, steps)) await step();
      if (steps < COMMIT) await discardNew(folder, id, [0, 1, 2], { eraser, erase: true });
      else await finishSwap(folder);
      await eraser.settled();
      expect(await contents()).toEqual(steps < COMMIT ? OLD : NEW);
    });

    if (steps < COMMIT) continue;
    test.each([true, false])(`and taken back after ${String(steps)} of its steps is as if it had never been, whether what goes is overwritten (%s)`, async (erase) => {
      for (const step of SWAP.slice(0, steps)) await step();
      const takeBack = async (): Promise<void> => {
        await swapBack(folder, id, [0, 1, 2], [0, 1], { eraser, erase });
        await discardNew(folder, id, [0, 1, 2], { eraser, erase });
      };
      await takeBack();
      expect(await contents()).toEqual(OLD);
      // A restarted agent doesn't know how far it came.
      await takeBack();
      await eraser.settled();
      expect(await contents()).toEqual(OLD);
    });
  }

  test("between giving up a disk and its previous one's return still comes back", async () => {
    for (const step of SWAP) await step();
    await eraser.discard(at("disk-0"), true);
    await swapBack(folder, id, [0, 1, 2], [0, 1], { eraser, erase: true });
    expect(await contents()).toEqual(OLD);
  });
});
