import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endBeyond, identify, processesIn } from "./processes.ts";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "processes-")));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

async function start(): Promise<number> {
  const child = spawn("sleep", ["60"], { cwd: folder });
  children.push(child);
  await once(child, "spawn");
  // A process that has started has a number.
  return child.pid ?? 0;
}

test("of a guest's helpers the youngest are ended, so many that the rest is few enough, and the guest itself never", async () => {
  const connections: number[] = [];
  for (let count = 0; count < 3; count += 1) connections.push(await start());
  const guest = await identify(await start());
  if (guest === null) throw new Error("the guest didn't start");
  for (let count = 0; count < 2; count += 1) connections.push(await start());
  expect(await endBeyond(folder, guest, 2)).toBe(3);
  const left = [...connections.slice(0, 2), guest.pid].toSorted();
  await expect.poll(async () => (await processesIn(folder)).map(({ pid }) => pid).toSorted()).toEqual(left);
  expect(await endBeyond(folder, guest, 2)).toBe(0);
});
