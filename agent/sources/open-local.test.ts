import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLocal } from "./open-local.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-sources-"));
  await mkdir(join(root, "images/inner"), { recursive: true });
  await mkdir(join(root, "images-of-others"));
  await writeFile(join(root, "images/inner/disk.raw"), "content");
  await writeFile(join(root, "images-of-others/secret"), "secret");
  await symlink("inner/disk.raw", join(root, "images/link"));
  await symlink("../images-of-others/secret", join(root, "images/out"));
  await symlink(join(root, "images"), join(root, "alias"));
  execFileSync("mkfifo", [join(root, "images/fifo")]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function read(path: string, folders = [join(root, "images")]): Promise<string> {
  const { handle, bytes } = await openLocal(join(root, path), { policy: { allowPrivate: [], folders }, field: "image.location" });
  try {
    expect(bytes).toBe(7);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

describe("a file of the node", () => {
  it("is taken from a folder that is listed, by links inside it too, and where the folder is one", async () => {
    expect(await read("images/inner/disk.raw")).toBe("content");
    expect(await read("images/link")).toBe("content");
    expect(await read("alias/link", [join(root, "alias")])).toBe("content");
  });

  it.each(["images-of-others/secret", "images/out", "images-of-others/nothing", "images/fifo", "images/inner", "images"])("is refused: %s", async (path) => {
    await expect(read(path)).rejects.toMatchObject({ code: "source_refused", field: "image.location" });
  });

  it("says that it isn't there only where it might have been", async () => {
    await expect(read("images/nothing")).rejects.toMatchObject({ code: "source_failed" });
    await expect(read("images/link", [])).rejects.toMatchObject({ code: "source_refused" });
  });
});
