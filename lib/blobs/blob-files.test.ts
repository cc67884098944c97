import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blobPath, importBlobBytes, importBlobFile, openBlob } from "./blob-files.ts";

let directory: string;
let blobs: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "slipway-blobs-"));
  blobs = path.join(directory, "blobs");
});
afterEach(() => rm(directory, { recursive: true }));

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

async function source(text: string): Promise<string> {
  const file = path.join(directory, "source");
  await writeFile(file, text);
  return file;
}

describe("the blob store", () => {
  test("keeps a copy under its digest, which later changes of the source don't reach", async () => {
    const file = await source("kernel");
    const blob = await importBlobFile(blobs, file);
    expect(blob).toEqual({ digest: digestOf("kernel"), sizeBytes: 6 });
    await writeFile(file, "other!");
    const open = await openBlob(blobs, blob.digest);
    expect(await readFile(open.file, "utf8")).toBe("kernel");
    expect((await stat(open.file)).mode & 0o777).toBe(0o600);
  });

  test("has the same content once, whichever way it came", async () => {
    await importBlobFile(blobs, await source("same"));
    await Promise.all([importBlobBytes(blobs, Buffer.from("same")), importBlobBytes(blobs, Buffer.from("same"))]);
    expect(await readdir(blobs)).toEqual([digestOf("same")]);
  });

  test("refuses a file that hasn't the digest that was said, and keeps nothing of it", async () => {
    await expect(importBlobFile(blobs, await source("kernel"), digestOf("another"))).rejects.toMatchObject({ code: "invalid", field: "digest" });
    expect(await readdir(blobs)).toEqual([]);
  });

  test.each(["../../etc/passwd", "", "A".repeat(64), `${"a".repeat(64)}/..`])("takes no path for a digest: %s", async (digest) => {
    expect(() => blobPath(blobs, digest)).toThrow("isn't a sha256 digest");
    await expect(openBlob(blobs, digest)).rejects.toThrow("isn't a sha256 digest");
  });

  test("says what to do when it has lost something", async () => {
    await expect(openBlob(blobs, digestOf("lost"))).rejects.toThrow(/isn't in .* register what it belongs to again/);
  });
});
