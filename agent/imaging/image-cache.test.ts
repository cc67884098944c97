import { appendFile, readdir, readFile, statfs, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveFile, startServer, type TestServer } from "../sources/testing-server.ts";
import { ImageCache } from "./image-cache.ts";
import { checkImage } from "./check-image.ts";
import { type ImagePlace, makeContent, makeImagePlace, sha256 } from "./testing-image.ts";
import { writeImage } from "./write-image.ts";

const CONTENT = makeContent();
const CHECKSUM = { sha256: sha256(CONTENT) };
const NAME = `sha256-${CHECKSUM.sha256}`;
let place: ImagePlace;
let server: TestServer;
let folder: string;

beforeEach(async () => {
  place = await makeImagePlace();
  folder = join(place.root, "cache");
  server = await startServer(serveFile(CONTENT));
});
afterEach(async () => {
  await server.close();
  await place.remove();
});

describe("the cache of images", () => {
  it("keeps what has a checksum, and needs its server no more", async () => {
    const location = `${server.url}/image`;
    await writeImage(await place.request({ location, checksum: CHECKSUM }));
    expect(await readdir(folder)).toEqual([NAME]);
    await server.close();
    const request = await place.request({ location, checksum: CHECKSUM });
    expect(await checkImage(request)).toEqual({ bytes: CONTENT.length, virtualBytes: CONTENT.length });
    expect((await writeImage(request)).sha256).toBe(CHECKSUM.sha256);
    expect(server.requests).toHaveLength(1);
  });

  it("keeps nothing without a checksum, or that hasn't the one that it should have", async () => {
    await writeImage(await place.request({ location: server.url }));
    await expect(writeImage(await place.request({ location: server.url, checksum: { sha256: "0".repeat(64) } }))).rejects.toMatchObject({ code: "checksum_mismatch" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("isn't believed: what was changed in it is fetched anew", async () => {
    await writeImage(await place.request({ location: server.url, checksum: CHECKSUM }));
    const damaged = await readFile(join(folder, NAME));
    damaged[1_000] = (damaged[1_000] ?? 0) ^ 1;
    await writeFile(join(folder, NAME), damaged);
    expect((await writeImage(await place.request({ location: server.url, checksum: CHECKSUM }))).writtenSha256).toBe(CHECKSUM.sha256);
    expect(server.requests).toHaveLength(2);
    expect((await readFile(join(folder, NAME))).equals(CONTENT)).toBe(true);
  });

  it("is filled by two installs at once without harm", async () => {
    const other = await makeImagePlace();
    try {
      const cache = await ImageCache.open(folder, 64);
      await Promise.all([place, other].map(async (at) => writeImage(await at.request({ location: server.url, checksum: CHECKSUM }, { cache }))));
      expect(await readdir(folder)).toEqual([NAME]);
      expect((await readFile(join(folder, NAME))).equals(CONTENT)).toBe(true);
    } finally {
      await other.remove();
    }
  });

  it("keeps images as they are packed, and judges what they unpack to each time", async () => {
    const packed = gzipSync(CONTENT);
    const second = await startServer(serveFile(packed));
    try {
      const image = { location: second.url, compression: "gzip", checksum: { sha256: sha256(packed) } } as const;
      await writeImage(await place.request(image));
      expect((await writeImage(await place.request(image))).writtenSha256).toBe(CHECKSUM.sha256);
      expect(second.requests).toHaveLength(1);
    } finally {
      await second.close();
    }
  });

  it("gives no room back where that wouldn't help, or nobody needs it", async () => {
    const request = await place.request({ location: server.url, checksum: CHECKSUM });
    await writeImage(request);
    const freeMib = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(folder);
      return Math.floor((bavail * bsize) / 1_048_576);
    };
    await request.cache.makeRoom(1);
    await request.cache.makeRoom((await freeMib()) + 1_000_000);
    expect(await readdir(folder)).toEqual([NAME]);
  });

  it("stays within its limit: what wasn't used for longest goes, and drafts of before go first", async () => {
    const cache = await ImageCache.open(folder, 3);
    const names = ["a", "b", "c"].map((digit) => digit.repeat(64));
    for (const [index, sha] of names.entries()) {
      const draft = await cache.draft({ sha256: sha }, 1_000_000, 0);
      expect(draft).not.toBeNull();
      if (draft === null) return;
      await appendFile(draft.path, Buffer.alloc(1_000_000));
      await draft.commit();
      await utimes(join(folder, `sha256-${sha}`), 1_000 + index, 1_000 + index);
    }
    // Used again.
    await (await cache.find({ sha256: "a".repeat(64) }))?.handle.close();
    const draft = await cache.draft({ sha256: "d".repeat(64) }, 1_500_000, 0);
    expect((await readdir(folder)).map((name) => name[7])).toEqual(["a"]);
    await writeFile(draft?.path ?? "", "half of it");
    expect(await cache.draft({ sha256: "e".repeat(64) }, 4_000_000, 0)).toBeNull();
    expect(await cache.draft({ sha256: "e".repeat(64) }, null, 0)).toBeNull();
    expect(await cache.draft({ sha256: "e".repeat(64) }, 1_000, Number.MAX_SAFE_INTEGER)).toBeNull();
    expect((await readdir(folder)).length).toBe(2);
    await ImageCache.open(folder, 0);
    expect(await readdir(folder)).toEqual([]);
  });
});
