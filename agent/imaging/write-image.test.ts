import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { processesIn } from "../hypervisor/processes.ts";
import { breakOff, serveFile, startServer, type TestServer } from "../sources/testing-server.ts";
import { DISK_MIB, type ImagePlace, makeContent, makeImagePlace, sha256, sha512 } from "./testing-image.ts";
import { writeImage } from "./write-image.ts";

const MIB = 1_048_576;
const CONTENT = makeContent();
let place: ImagePlace;
let server: TestServer | null = null;

beforeEach(async () => {
  place = await makeImagePlace();
});
afterEach(async () => {
  await server?.close();
  await place.remove();
});

async function serve(answer: Parameters<typeof startServer>[0]): Promise<string> {
  server = await startServer(answer);
  return `${server.url}/image`;
}

/** What is on the disk, which has to begin with the content and be empty after it. */
async function expectOnDisk(content: Buffer): Promise<void> {
  const disk = await readFile(place.disk);
  expect(disk.length).toBe(DISK_MIB * MIB);
  expect(disk.subarray(0, content.length).equals(content)).toBe(true);
  expect(disk.subarray(content.length).every((byte) => byte === 0)).toBe(true);
}

async function qcow2(content: Buffer, ...options: readonly string[]): Promise<Buffer> {
  const [raw, image] = [join(place.root, "raw"), join(place.root, "made.qcow2")];
  await writeFile(raw, content);
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", ...options, raw, image]);
  return readFile(image);
}

describe("an image", () => {
  it("is on the disk as it came, with holes where it is empty, and its digests are told", async () => {
    const location = await serve(serveFile(CONTENT));
    const fractions: number[] = [];
    const written = await writeImage(await place.request({ location }, { onProgress: (fraction) => fractions.push(fraction) }));
    expect(written).toEqual({ sha256: sha256(CONTENT), bytes: CONTENT.length, writtenSha256: sha256(CONTENT), virtualBytes: CONTENT.length });
    await expectOnDisk(CONTENT);
    expect((await stat(place.disk)).blocks * 512).toBeLessThan(3 * MIB);
    expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  });

  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
    ["xz", (content: Buffer) => execFileSync("xz", ["--stdout", "-1"], { input: content, maxBuffer: 2 * content.length })],
  ] as const)("is unpacked on its way: %s", async (compression, compress) => {
    const packed = compress(CONTENT);
    const location = await serve(serveFile(packed));
    const written = await writeImage(await place.request({ location, compression, checksum: { sha512: sha512(packed) }, contentChecksum: { sha256: sha256(CONTENT) } }));
    expect(written).toEqual({ sha256: sha256(packed), bytes: packed.length, writtenSha256: sha256(CONTENT), virtualBytes: CONTENT.length });
    await expectOnDisk(CONTENT);
    expect(await readdir(place.spoolFolder)).toEqual([]);
  });

  it("may be qcow2, packed or not, from a server or a folder of the node", async () => {
    const whole = Buffer.concat([CONTENT, Buffer.alloc(5 * MIB - CONTENT.length)]);
    const image = await qcow2(whole);
    const location = await serve(serveFile(gzipSync(image)));
    const written = await writeImage(await place.request({ location, format: "qcow2", compression: "gzip", contentChecksum: { sha512: sha512(whole) } }));
    expect(written.virtualBytes).toBe(whole.length);
    await expectOnDisk(whole);
    const path = join(place.root, "images/a.qcow2");
    await writeFile(path, await qcow2(CONTENT, "-c"));
    await writeImage(await place.request({ location: path, format: "qcow2", checksum: { sha256: sha256(await readFile(path)) } }));
    await expectOnDisk(CONTENT);
    expect(await readdir(place.spoolFolder)).toEqual([]);
  });

  it("leaves nothing of what was on the disk before", async () => {
    await writeFile(place.disk, Buffer.alloc(DISK_MIB * MIB, 0xff));
    await writeImage(await place.request({ location: await serve(serveFile(CONTENT)) }));
    await expectOnDisk(CONTENT);
    await writeFile(place.disk, Buffer.alloc(DISK_MIB * MIB, 0xff));
    const path = join(place.root, "images/a.qcow2");
    await writeFile(path, await qcow2(CONTENT));
    await writeImage(await place.request({ location: path, format: "qcow2" }));
    await expectOnDisk(CONTENT);
  });

  it.each(["raw", "qcow2"] as const)("goes to the disk that is there once it may be written, and not to the one of before: %s", async (format) => {
    await writeFile(place.disk, Buffer.alloc(DISK_MIB * MIB, 0xff));
    const location = await serve(serveFile(format === "raw" ? CONTENT : await qcow2(CONTENT)));
    const replace = async (): Promise<void> => {
      await rename(place.disk, `${place.disk}.old`);
      await writeFile(place.disk, "");
      await truncate(place.disk, DISK_MIB * MIB);
    };
    await writeImage(await place.request({ location, format }, { beforeWrite: replace }));
    await expectOnDisk(CONTENT);
    expect((await readFile(`${place.disk}.old`)).every((byte) => byte === 0xff)).toBe(true);
  });

  it("is written where the page cache can't be passed by too", async () => {
    if (!existsSync("/dev/shm")) return;
    const inMemory = await makeImagePlace("/dev/shm");
    try {
      const written = await writeImage(await inMemory.request({ location: await serve(serveFile(CONTENT)) }));
      expect(written.writtenSha256).toBe(sha256(CONTENT));
    } finally {
      await inMemory.remove();
    }
  });

  it("goes on after a loss of the connection, and is begun anew where it has changed meanwhile", async () => {
    const old = makeContent();
    let turn = 0;
    const location = await serve((request, response) => {
      turn += 1;
      if (turn === 1) breakOff(response, old, 1_500_000);
      else if (turn === 2) serveFile(CONTENT, { ETag: '"two"' })(request, response);
      else if (turn === 3) breakOff(response, CONTENT, 2_000_000, { ETag: '"two"' });
      else serveFile(CONTENT, { ETag: '"two"' })(request, response);
    });
    const written = await writeImage(await place.request({ location, checksum: { sha256: sha256(CONTENT) } }));
    expect(written.bytes).toBe(CONTENT.length);
    await expectOnDisk(CONTENT);
    expect(turn).toBe(4);
  });
});

describe("an image is refused", () => {
  const refused = async (...parameters: Parameters<ImagePlace["request"]>): Promise<unknown> => {
    const error: unknown = await writeImage(await place.request(...parameters)).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(await readdir(place.spoolFolder)).toEqual([]);
    expect(existsSync(join(place.root, "cache")) ? await readdir(join(place.root, "cache")) : []).toEqual([]);
    return error;
  };

  it("where its server has none, and before the disk was touched", async () => {
    let asked = 0;
    const location = await serve((_request, response) => void response.writeHead(404).end("nothing here"));
    expect(await refused({ location }, { beforeWrite: () => Promise.resolve(void (asked += 1)) })).toMatchObject({ code: "source_failed", field: "image.location" });
    expect(asked).toBe(0);
  });

  it("with a checksum that it doesn't have, of the download or of what was written", async () => {
    const location = await serve(serveFile(CONTENT));
    expect(await refused({ location, checksum: { sha256: "0".repeat(64) } })).toMatchObject({ code: "checksum_mismatch", field: "image.checksum" });
    expect(await refused({ location, contentChecksum: { sha512: "0".repeat(128) } })).toMatchObject({ code: "checksum_mismatch", field: "image.contentChecksum" });
  });

  it("larger than the disk: as it is said, as it comes, as it unpacks", async () => {
    const large = Buffer.alloc(DISK_MIB * MIB + 1);
    const location = await serve((request, response) => {
      if (request.url === "/image") serveFile(large)(request, response);
      else response.writeHead(200).end(large);
    });
    expect(await refused({ location })).toMatchObject({ code: "disk_too_small" });
    expect(await refused({ location: `${location}/unsaid` })).toMatchObject({ code: "disk_too_small" });
  });

  it.each(["raw", "qcow2"] as const)("as a bomb, which unpacks no further than the disk: %s", async (format) => {
    const bomb = gzipSync(Buffer.alloc(200 * MIB));
    const location = await serve(serveFile(bomb));
    expect(await refused({ location, format, compression: "gzip" })).toMatchObject({ code: "disk_too_small", field: "image.location" });
    expect((await stat(place.disk)).blocks).toBe(0);
  });

  it.each([
    ["gzip", gzipSync(CONTENT).subarray(0, 1_000_000)],
    ["gzip", CONTENT],
    ["xz", gzipSync(CONTENT)],
    // These programs would take each other's files.
    ["zstd", gzipSync(CONTENT)],
    ["gzip", zstdCompressSync(CONTENT)],
    ["zstd", zstdCompressSync(CONTENT).subarray(0, -10)],
  ] as const)("where it isn't %s, or ends early", async (compression, packed) => {
    expect(await refused({ location: await serve(serveFile(packed)), compression })).toMatchObject({ code: "image_refused", message: `The image isn't ${compression}, ends early, or is damaged.` });
  });

  it("without a byte in it", async () => {
    expect(await refused({ location: await serve(serveFile(Buffer.alloc(0))) })).toMatchObject({ code: "image_refused" });
  });

  it("outside of the folders that the node lists", async () => {
    expect(await refused({ location: "/etc/passwd" })).toMatchObject({ code: "source_refused" });
  });

  it("as qcow2 that is cut off, or too large, or something else", async () => {
    const image = await qcow2(CONTENT);
    const cut = await serve((request, response) => {
      if (request.url === "/image") serveFile(image.subarray(0, 1_800_000))(request, response);
      else if (request.url === "/image/raw") serveFile(CONTENT)(request, response);
      else serveFile(large)(request, response);
    });
    const large = Buffer.from(image);
    large.writeBigUInt64BE(2n ** 50n, 24);
    expect(await refused({ location: cut, format: "qcow2" })).toMatchObject({ code: "image_refused", message: "The image ends early, or is damaged." });
    expect(await refused({ location: `${cut}/raw`, format: "qcow2" })).toMatchObject({ code: "image_refused", message: "The image isn't qcow2, as which it is declared." });
    expect(await refused({ location: `${cut}/large`, format: "qcow2" })).toMatchObject({ code: "image_refused", message: /absurd/ });
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", join(place.root, "images/nine"), "9M"]);
    expect(await refused({ location: join(place.root, "images/nine"), format: "qcow2" })).toMatchObject({ code: "disk_too_small" });
    expect((await stat(place.disk)).blocks).toBe(0);
  });

  it("as qcow2 that leads to other files of the node", async () => {
    const create = async (name: string, ...options: readonly string[]): Promise<unknown> => {
      const location = join(place.root, "images", name);
      execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", ...options, location, "4M"]);
      return refused({ location, format: "qcow2" });
    };
    await writeFile(join(place.root, "secret"), "secret".repeat(1_000));
    expect(await create("backing", "-b", join(place.root, "secret"), "-F", "raw")).toMatchObject({ code: "image_refused", message: "The image has a backing file." });
    expect(await create("data", "-o", `data_file=${join(place.root, "secret-data")}`)).toMatchObject({ code: "image_refused", message: "The image has an external data file." });
  });
});

describe("writing an image", () => {
  it("stops at once, with the reason that was given, and leaves no program running", async () => {
    const reason = new SlipwayError("timed_out", "The install took too long.");
    const aborting = new AbortController();
    const packed = gzipSync(CONTENT);
    const location = await serve((_request, response) => {
      response.writeHead(200, { "Content-Length": packed.length });
      response.write(packed.subarray(0, 1_500_000));
    });
    const writing = writeImage(await place.request({ location, compression: "gzip" }, { signal: aborting.signal, onProgress: () => aborting.abort(reason) }));
    await expect(writing).rejects.toBe(reason);
    const left = await Promise.all((await processesIn("/")).map(async ({ pid }) => (await readFile(`/proc/${String(pid)}/stat`, "utf8").catch(() => "")).split(" ")[3]));
    expect(left).not.toContain(String(process.pid));
    await expect(writeImage(await place.request({ location }, { signal: aborting.signal }))).rejects.toBe(reason);
  });

  it("stops while it reads back too, and leaves nothing of the spool", async () => {
    const aborting = new AbortController();
    const sparse = join(place.root, "images/sparse");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", sparse, "8G"]);
    await truncate(place.disk, 8 * 1_024 * MIB);
    // What comes after the conversion is some seconds of reading zeros.
    const onProgress = (fraction: number): void => {
      if (fraction > 0.8) aborting.abort();
    };
    await expect(writeImage(await place.request({ location: sparse, format: "qcow2" }, { sizeMib: 8_192, signal: aborting.signal, onProgress }))).rejects.toMatchObject({ code: "cancelled" });
    expect(await readdir(place.spoolFolder)).toEqual([]);
  });

  it("doesn't begin where whoever asked takes it back", async () => {
    const refusing = new SlipwayError("lease_expired", "The lease ran out.");
    await expect(writeImage(await place.request({ location: await serve(serveFile(CONTENT)) }, { beforeWrite: () => Promise.reject(refusing) }))).rejects.toBe(refusing);
    expect((await stat(place.disk)).blocks).toBe(0);
  });

  it.each([["raw", "none"], ["raw", "zstd"], ["qcow2", "none"]] as const)("ends with no_room where the disk is full half-way: %s %s", async (format, compression) => {
    const path = join(place.root, "images/image");
    const plain = format === "raw" ? CONTENT : await qcow2(CONTENT);
    await writeFile(path, compression === "none" ? plain : zstdCompressSync(plain));
    // What a limit on the size of files does to a write is what a full disk does: the part before it is there.
    const program = `
      const { writeImage } = await import(${JSON.stringify(join(import.meta.dirname, "write-image.ts"))});
      const [{ folder }, image] = [${JSON.stringify({ folder: place.root })}, ${JSON.stringify({ location: path, format, compression, checksum: null, contentChecksum: null })}];
      const error = await writeImage({ image, file: folder + "/disk-0.new", sizeMib: ${String(DISK_MIB)}, policy: { allowPrivate: [], folders: [folder] }, spoolFolder: folder + "/spool", cache: { folder: folder + "/cache", limitMib: 0 }, signal: new AbortController().signal, onProgress() {} }).catch((reason) => reason);
      console.log(error.code, error.field);`;
    const said = execFileSync("prlimit", ["--fsize=1500000", "--", process.execPath, "--input-type=module", "--eval", program], { encoding: "utf8", cwd: import.meta.dirname });
    expect(said).toBe("no_room image.location\n");
    expect(await readdir(place.spoolFolder)).toEqual([]);
  });
});
