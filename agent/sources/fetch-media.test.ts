import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchMedia } from "./fetch-media.ts";
import { QUICK, serveFile, startServer, type TestServer } from "./testing-server.ts";

const ISO = randomBytes(200_000);
const sha256 = (content: Buffer | string): string => createHash("sha256").update(content).digest("hex");
let root: string;
let server: TestServer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-media-"));
  await mkdir(join(root, "allowed"));
  await mkdir(join(root, "instance"));
  await writeFile(join(root, "allowed/vmlinuz"), "kernel");
  server = await startServer((request, response) => {
    if (request.url === "/missing") response.writeHead(404).end();
    else serveFile(ISO)(request, response);
  });
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

function fetchInto(medium: Readonly<Record<string, string>>): ReturnType<typeof fetchMedia> {
  const policy = { allowPrivate: ["127.0.0.1"], folders: [join(root, "allowed")] };
  return fetchMedia(medium, join(root, "instance"), policy, new AbortController().signal, () => undefined, QUICK);
}

describe("an install medium", () => {
  it("lies in the instance's folder: what was downloaded as files, what is the node's as links", async () => {
    const { files, facts } = await fetchInto({ cdrom_image_path: `${server.url}/a.iso`, kernel_path: join(root, "allowed/vmlinuz"), boot_order: "cdrom", root_path: "/dev/vda1" });
    expect([...files]).toEqual([["cdrom_image_path", "media/cdrom_image_path"], ["kernel_path", "media/kernel_path"]]);
    expect((await readFile(join(root, "instance/media/cdrom_image_path"))).equals(ISO)).toBe(true);
    expect(await readlink(join(root, "instance/media/kernel_path"))).toBe(join(root, "allowed/vmlinuz"));
    expect(facts).toEqual([
      { name: "cdrom_image_path", sha256: sha256(ISO), bytes: ISO.length },
      { name: "kernel_path", sha256: sha256("kernel"), bytes: 6 },
    ]);
  });

  it("leaves nothing behind where one of its files can't be had", async () => {
    await expect(fetchInto({ cdrom_image_path: `${server.url}/a.iso`, floppy_image_path: `${server.url}/missing` })).rejects.toMatchObject({ code: "source_failed", field: "installParameters.floppy_image_path" });
    await expect(fetchInto({ kernel_path: "/etc/passwd" })).rejects.toMatchObject({ code: "source_refused", field: "installParameters.kernel_path" });
    expect(await readdir(join(root, "instance"))).toEqual([]);
  });

  it("without files makes no folder", async () => {
    expect((await fetchInto({ boot_order: "network" })).files.size).toBe(0);
    expect(await readdir(join(root, "instance"))).toEqual([]);
  });
});
