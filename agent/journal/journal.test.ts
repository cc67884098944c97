import { randomUUID } from "node:crypto";
import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Journal } from "./journal.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "journal-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const instanceId = randomUUID();
function power(journal: Journal, reason = "test"): void {
  journal.append({ type: "instance.power", instanceId, power: "running", reason, rescue: false, reach: [] });
}
function seqs(journal: Journal, after = 0): number[] {
  return journal.after(after, 10_000).map((event) => event.seq);
}

describe("the journal", () => {
  test("numbers events from one and keeps them over a restart", async () => {
    const journal = await Journal.open(folder);
    for (let i = 0; i < 3; i += 1) power(journal);
    await journal.flush();
    expect(seqs(journal)).toEqual([1, 2, 3]);
    const again = await Journal.open(folder);
    expect(again.id).toBe(journal.id);
    expect(seqs(again, 1)).toEqual([2, 3]);
    power(again);
    await again.flush();
    expect(seqs(again)).toEqual([1, 2, 3, 4]);
  });

  test("shows an event only once it is durable", async () => {
    const journal = await Journal.open(folder);
    power(journal);
    expect(seqs(journal)).toEqual([]);
    await journal.flush();
    expect(seqs(journal)).toEqual([1]);
  });

  test("forgets what is acknowledged, and goes on numbering after a restart", async () => {
    const journal = await Journal.open(folder);
    power(journal);
    power(journal);
    await journal.flush();
    await journal.acknowledge(journal.id, 2);
    const again = await Journal.open(folder);
    expect(again.head).toEqual({ journal: journal.id, firstSeq: 3, lastSeq: 2 });
    power(again);
    await again.flush();
    expect(seqs(again)).toEqual([3]);
  });

  test("ignores an acknowledgement of another journal or of numbers not given out", async () => {
    const journal = await Journal.open(folder);
    power(journal);
    await journal.flush();
    await journal.acknowledge(randomUUID(), 1);
    await journal.acknowledge(journal.id, 9);
    expect(seqs(journal)).toEqual([1]);
  });

  test("cuts off a torn last line", async () => {
    const journal = await Journal.open(folder);
    power(journal);
    await journal.flush();
    const [segment] = (await readdir(folder)).filter((name) => name.endsWith(".ndjson"));
    await appendFile(join(folder, segment ?? ""), '{"seq":2,"at":"20');
    const again = await Journal.open(folder);
    power(again);
    await again.flush();
    expect(seqs(await Journal.open(folder))).toEqual([1, 2]);
    expect(again.id).toBe(journal.id);
  });

  test("begins anew under another id when its files have a gap", async () => {
    const journal = await Journal.open(folder);
    power(journal);
    await journal.flush();
    await writeFile(join(folder, "0000000000000009.ndjson"), "");
    const again = await Journal.open(folder);
    expect(again.id).not.toBe(journal.id);
    expect(seqs(again)).toEqual([]);
  });

  test("removes old files once their events are acknowledged", async () => {
    const journal = await Journal.open(folder);
    for (let i = 0; i < 3; i += 1) {
      for (let n = 0; n < 1_200; n += 1) power(journal, "x".repeat(900));
      await journal.flush();
    }
    const before = (await readdir(folder)).length;
    await journal.acknowledge(journal.id, 3_600);
    expect((await readdir(folder)).length).toBeLessThan(before);
    expect(seqs(await Journal.open(folder))).toEqual([]);
  });

  test("says when it is full and when there is room again", async () => {
    const journal = Journal.inMemory();
    for (let i = 0; i < 40_000; i += 1) power(journal, "x".repeat(900));
    await journal.flush();
    expect(journal.isFull).toBe(true);
    let room = false;
    journal.once("room", () => (room = true));
    await journal.acknowledge(journal.id, 40_000);
    expect(room).toBe(true);
  });
});
