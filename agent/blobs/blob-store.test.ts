import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BlobStore } from "./blob-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blobs-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const content = Buffer.from("a kernel");
const digest = createHash("sha256").update(content).digest("hex");

describe("the blob store", () => {
  test("keeps what has the digest", async () => {
    const store = await BlobStore.open(folder);
    expect(await store.has(digest)).toBe(false);
    await store.put(digest, Readable.from([content.subarray(0, 3), content.subarray(3)]));
    expect(await store.has(digest)).toBe(true);
    expect(await readFile(store.path(digest))).toEqual(content);
  });

  test("refuses other bytes and keeps nothing of them", async () => {
    const store = await BlobStore.open(folder);
    await expect(store.put(digest, Readable.from([Buffer.from("else")]))).rejects.toMatchObject({ code: "invalid" });
    expect(await readdir(folder)).toEqual([]);
  });

  test("keeps nothing of a transfer that breaks off", async () => {
    const store = await BlobStore.open(folder);
    const broken = (async function* () {
      yield content.subarray(0, 3);
      await Promise.reject(new Error("gone"));
    })();
    await expect(store.put(digest, broken)).rejects.toThrow("gone");
    expect(await readdir(folder)).toEqual([]);
  });

  test("removes leftovers when it is opened", async () => {
    await writeFile(join(folder, "x.tmp"), "half");
    await BlobStore.open(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  test("takes no path for a digest", async () => {
    const store = await BlobStore.open(folder);
    expect(() => store.path("../../etc/passwd")).toThrow();
  });
});
