import { randomUUID } from "node:crypto";
import type * as fs from "node:fs/promises";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ExportStore } from "../exports/export-store.ts";
import { ImageCache } from "../imaging/image-cache.ts";
import { dumpImage } from "../imaging/dump-image.ts";
import { fetchMedia } from "./fetch-media.ts";
import { RoomKeeper } from "./keep-room.ts";
import { QUICK, serveFile, startServer, type TestServer } from "./testing-server.ts";

const MIB = 1_048_576;
/** What the node says is free; null: what is. */
const node = vi.hoisted((): { freeBytes: number | null } => ({ freeBytes: null }));
vi.mock("node:fs/promises", async (load) => {
  const original = await load<typeof fs>();
  return {
    ...original,
    statfs: (path: string) => (node.freeBytes === null ? original.statfs(path) : Promise.resolve({ blocks: node.freeBytes, bavail: node.freeBytes, bsize: 1 })),
  };
});

let root: string;
let server: TestServer;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "room-"));
  server = await startServer(serveFile(Buffer.alloc(200_000, 1)));
});
afterEach(async () => {
  node.freeBytes = null;
  await server.close();
  await rm(root, { recursive: true });
});

describe("on a node whose disk is nearly full", () => {
  const nearlyFull = 300 * MIB;
  const policy = { allowPrivate: ["127.0.0.1"], folders: [] };
  const { signal } = new AbortController();

  test("a medium isn't fetched to the last byte that is free", async () => {
    node.freeBytes = nearlyFull;
    const fetching = fetchMedia({ cdrom_image_path: `${server.url}/boot.iso` }, root, policy, signal, () => undefined, QUICK);
    await expect(fetching).rejects.toMatchObject({ code: "no_room", field: "installParameters.cdrom_image_path" });
    expect(await readdir(root)).toEqual([]);
  });

  test("an image isn't spooled", async () => {
    const cache = await ImageCache.open(join(root, "cache"), 0);
    node.freeBytes = nearlyFull;
    const image = { location: `${server.url}/system.qcow2`, format: "qcow2", compression: "none", checksum: null, contentChecksum: null } as const;
    const dumping = dumpImage({ image, file: join(root, "disk-0.new"), sizeMib: 16, policy, spoolFolder: root, cache }, { signal, beforeWrite: () => Promise.resolve(), onProgress: () => undefined });
    await expect(dumping).rejects.toMatchObject({ code: "no_room" });
    expect(await readdir(root)).toEqual(["cache"]);
  });

  test("an export isn't taken, and nothing of it stays", async () => {
    const store = await ExportStore.open(join(root, "exports"));
    const id = randomUUID();
    node.freeBytes = nearlyFull;
    await expect(store.takeExport(id, 0, Readable.from([Buffer.alloc(1_000)]), MIB)).rejects.toMatchObject({ code: "no_room" });
    expect(await readdir(join(root, "exports", id))).toEqual([]);
  });

  test("what is laid down is looked after every so many bytes", async () => {
    const keeper = new RoomKeeper(root, "image.location");
    node.freeBytes = 1_024 * MIB;
    await keeper.take(32 * MIB);
    node.freeBytes = nearlyFull;
    await keeper.take(32 * MIB);
    await expect(keeper.take(48 * MIB)).rejects.toMatchObject({ code: "no_room" });
  });
});
