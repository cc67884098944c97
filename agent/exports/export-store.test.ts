import { createHash, randomUUID } from "node:crypto";
import { link, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ExportStore } from "./export-store.ts";

let folder: string;
let store: ExportStore;
const id = randomUUID();
const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
const body = (...parts: readonly string[]): Readable => Readable.from(parts.map((part) => Buffer.from(part)));
const entries = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exports-"));
  store = await ExportStore.open(folder);
});
afterEach(() => rm(folder, { recursive: true }));

describe("the store of exports", () => {
  test("keeps what a script wrote with the digest of all of it, and gives it back", async () => {
    expect(await store.takeExport(id, 1, body("first ", "second"), 12)).toEqual({ index: 1, name: "disk-1.dump", sha256: sha256("first second"), bytes: 12 });
    const { stream, length } = await (await ExportStore.open(folder)).open(id, "disk-1.dump");
    expect([await text(stream), length]).toEqual(["first second", 12]);
  });

  test("keeps an empty export as such", async () => {
    expect(await store.takeExport(id, 0, body(), 12)).toMatchObject({ bytes: 0, sha256: sha256("") });
    const { stream, length } = await store.open(id, "disk-0.dump");
    expect([await text(stream), length]).toEqual(["", 0]);
  });

  test("keeps nothing of what is too large, breaks off, or isn't what was announced", async () => {
    await expect(store.takeExport(id, 0, body("thirteen chars"), 13)).rejects.toMatchObject({ code: "too_large" });
    const breaking = Readable.from((async function* () {
      yield Buffer.from("half");
      await Promise.reject(new Error("gone"));
    })());
    await expect(store.takeExport(id, 0, breaking, 100)).rejects.toThrow("gone");
    await expect(store.put(id, "disk-0.dump", sha256("other"), body("content"))).rejects.toMatchObject({ code: "checksum_mismatch" });
    expect(await entries()).toEqual([id]);
    await expect(store.open(id, "disk-0.dump")).rejects.toMatchObject({ code: "unknown_object" });
  });

  test("takes each disk once, and a file that is brought as often as it comes", async () => {
    await store.takeExport(id, 0, body("content"), 100);
    await expect(store.takeExport(id, 0, body("another"), 100)).rejects.toMatchObject({ code: "conflict" });
    const [one, two] = await Promise.allSettled([store.put(id, "disk-1.dump", sha256("x"), body("x")), store.put(id, "disk-1.dump", sha256("x"), body("x"))]);
    expect([one.status, two.status]).toEqual(["fulfilled", "rejected"]);
    await store.put(id, "disk-1.dump", sha256("y"), body("y"));
    expect(await readFile(join(folder, id, "disk-1.dump"), "utf8")).toBe("y");
  });

  test.each(["../disk-0.dump", "disk-0.dump/../../x", "disk-0.dump.tmp", "", "disk-100.dump"])("has no file named %j", async (name) => {
    await expect(store.open(id, name)).rejects.toThrow();
    await expect(store.put(id, name, sha256("x"), body("x"))).rejects.toThrow();
    expect(await entries()).toEqual([]);
  });

  test.each(["..", "../other", "", "not-an-id"])("has no export %j", async (name) => {
    await expect(store.remove(name)).rejects.toThrow();
    await expect(store.takeExport(name, 0, body("x"), 10)).rejects.toThrow();
  });

  test("leaves nothing half written after a crash", async () => {
    await store.takeExport(id, 0, body("content"), 100);
    await writeFile(join(folder, id, `${randomUUID()}.tmp`), "half");
    store = await ExportStore.open(folder);
    expect(await entries()).toEqual([id, join(id, "disk-0.dump")]);
  });

  test("removes an export, again without harm, and overwrites it first where that is asked", async () => {
    await store.takeExport(id, 0, body("secret content"), 100);
    const seen = join(folder, "seen");
    await link(join(folder, id, "disk-0.dump"), seen);
    await store.remove(id, { erase: true });
    await store.remove(id);
    expect(await entries()).toEqual(["seen"]);
    expect((await readFile(seen)).equals(Buffer.alloc(14))).toBe(true);
  });

  test("goes on with a removal that a crash has interrupted, overwriting where that was asked", async () => {
    await store.takeExport(id, 0, body("secret content"), 100);
    const seen = join(folder, "seen");
    await link(join(folder, id, "disk-0.dump"), seen);
    await rename(join(folder, id), join(folder, `erasing-${randomUUID()}`));
    store = await ExportStore.open(folder);
    await store.leftovers;
    expect(await entries()).toEqual(["seen"]);
    expect((await readFile(seen)).equals(Buffer.alloc(14))).toBe(true);
  });

  test("gives an export up without anybody waiting for its files to be overwritten", async () => {
    await store.takeExport(id, 0, body("content"), 100);
    const doomed = join(folder, id, "disk-0.dump");
    await link(doomed, join(folder, "witness"));
    await store.giveUp(id, { erase: true });
    await expect(store.open(id, "disk-0.dump")).rejects.toMatchObject({ code: "unknown_object" });
    await store.leftovers;
    expect(await readFile(join(folder, "witness"), "utf8")).toBe("\0".repeat(7));
    expect(await entries()).toEqual(["witness"]);
    await store.giveUp(id);
  });
});
