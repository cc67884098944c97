import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { constants, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFINITION_LIMITS } from "#lib/domain/os-definition-files.ts";
import { ARCHIVE_LIMITS, readDefinitionArchive } from "./read-definition-archive.ts";
import type { CraftedEntry } from "./testing-archives.ts";
import { COMPRESSIONS, craftEntry, craftPax, craftTar, END, USABLE } from "./testing-archives.ts";

const usable = (...more: readonly (CraftedEntry | Buffer)[]): Buffer => craftTar(...USABLE, ...more);
const pathsOf = async (archive: Buffer): Promise<string[]> => (await readDefinitionArchive(archive)).files.map((file) => file.path);

describe("an archive that tar has made", () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "slipway-archive-"));
    const folder = path.join(scratch, "testos");
    mkdirSync(path.join(folder, "untrusted"), { recursive: true });
    mkdirSync(path.join(folder, ".git"));
    writeFileSync(path.join(folder, ".git/config"), "");
    writeFileSync(path.join(folder, "ganeti_api_version"), "20\n");
    writeFileSync(path.join(folder, "untrusted/create"), "#!/bin/sh\n");
    chmodSync(path.join(folder, "untrusted/create"), 0o4755);
    symlinkSync("create", path.join(folder, "untrusted/import"));
    linkSync(path.join(folder, "untrusted/create"), path.join(folder, "untrusted/export"));
    writeFileSync(path.join(folder, `untrusted/${"l".repeat(100)}`), "long");
    writeFileSync(path.join(folder, "untrusted/größe-日本"), "");
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  const FORMATS = ["gnu", "ustar", "pax"].flatMap((format) => [[format, "testos"] as const, [format, "."] as const]);
  it.each(FORMATS)("in its format %s, of the folder or from inside it (%s), is the same definition", async (format, what) => {
    const args = [`--format=${format}`, "-C", what === "." ? path.join(scratch, "testos") : scratch, "-cf", "-", what];
    const tar = execFileSync("tar", args, { stdio: ["ignore", "pipe", "ignore"] });
    for (const [, compress] of COMPRESSIONS) {
      const { files, manifest } = await readDefinitionArchive(compress(tar));
      expect(files.map(({ path: name, mode }) => [name, mode])).toEqual([
        ["ganeti_api_version", 0o644],
        ["untrusted/create", 0o755],
        ["untrusted/export", 0o755],
        ["untrusted/größe-日本", 0o644],
        ["untrusted/import", 0o755],
        [`untrusted/${"l".repeat(100)}`, 0o644],
      ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
      expect(manifest.untrustedScripts).toEqual(["create", "import", "export"]);
    }
  });
});

describe("an archive that is refused", () => {
  const cases: readonly (readonly [string, () => Buffer, string, string])[] = [
    ["something else", () => Buffer.from("PK\x03\x04 and so on"), "invalid", "archive"],
    ["nothing", () => Buffer.alloc(0), "invalid", "archive"],
    ["only an end", () => END, "invalid", "archive"],
    ["compressed twice", () => gzipSync(gzipSync(usable())), "invalid", "archive"],
    ["a path that leads up", () => usable({ name: "untrusted/../../x" }), "invalid", "untrusted/../../x"],
    ["an absolute path", () => usable({ name: "/etc/passwd" }), "invalid", "/etc/passwd"],
    ["a backslash", () => usable({ name: "a\\b" }), "invalid", "a\\b"],
    ["an empty name", () => usable({ name: "" }), "invalid", "files"],
    ["an empty part", () => usable({ name: "a//b" }), "invalid", "a//b"],
    ["a line end in a name", () => usable({ name: "a\nb" }), "invalid", "files"],
    ["a name that turns text around", () => usable({ name: "a\u202eb" }), "invalid", "files"],
    ["a name that isn't UTF-8", () => usable({ name: Buffer.from([0x61, 0xff]) }), "invalid", "archive"],
    ["a name in normal form NFD", () => usable({ name: "cafe\u0301" }), "invalid", "cafe\u0301"],
    ["NUL in a long name", () => usable(craftPax({ path: "a\0b" }), { name: "x" }), "invalid", "files"],
    ["a path twice", () => usable({ name: "a" }, { name: "./a" }), "invalid", "a"],
    ["two paths that differ in case", () => usable({ name: "untrusted/Lib/a" }, { name: "untrusted/lib/b" }), "invalid", "untrusted/lib/b"],
    ["two that fold to one", () => usable({ name: "straße" }, { name: "STRASSE" }), "invalid", "STRASSE"],
    ["a file that is a folder too", () => usable({ name: "a" }, { name: "a/b" }), "invalid", "a"],
    ["a folder that is a file too", () => usable({ name: "a/b" }, { name: "a" }), "invalid", "a"],
    ["a link up and out", () => usable({ name: "x", type: "2", link: "../../etc/passwd" }), "invalid", "x"],
    ["a link out and in again", () => usable({ name: "x", type: "2", link: "../untrusted/create" }), "invalid", "x"],
    ["an absolute link", () => usable({ name: "x", type: "2", link: "/etc/passwd" }), "invalid", "x"],
    ["a hard link out", () => usable({ name: "x", type: "1", link: "../x" }), "invalid", "x"],
    ["a link to nothing", () => usable({ name: "x", type: "2", link: "y" }), "invalid", "x"],
    ["a link to a folder", () => usable({ name: "x", type: "2", link: "untrusted" }), "invalid", "x"],
    ["a link by way of a file", () => usable({ name: "x", type: "2", link: "ganeti_api_version/../ganeti_api_version" }), "invalid", "x"],
    ["a link to itself", () => usable({ name: "x", type: "2", link: "x" }), "invalid", "x"],
    ["links in a circle", () => usable({ name: "x", type: "2", link: "y" }, { name: "y", type: "1", link: "x" }), "invalid", "x"],
    ["a link with a content", () => usable({ name: "x", type: "1", link: "ganeti_api_version", content: "y" }), "invalid", "x"],
    ["a file through a link", () => usable({ name: "l", type: "2", link: "untrusted" }, { name: "l/x" }), "invalid", "l"],
    ["a character device", () => usable({ name: "null", type: "3" }), "invalid", "null"],
    ["a block device", () => usable({ name: "sda", type: "4" }), "invalid", "sda"],
    ["a pipe", () => usable({ name: "pipe", type: "6" }), "invalid", "pipe"],
    ["a sparse file", () => usable({ name: "sparse", type: "S" }), "invalid", "sparse"],
    ["a sparse file by pax", () => usable(craftPax({ "GNU.sparse.major": "1", "GNU.sparse.name": "real" }), { name: "x" }), "invalid", "archive"],
    ["an unknown kind", () => usable({ name: "volume", type: "V" }), "invalid", "volume"],
    ["a path for all entries", () => craftTar(craftPax({ path: "x" }, "g"), ...USABLE), "invalid", "archive"],
    ["a path from pax that leads up", () => usable(craftPax({ path: "../x" }), { name: "innocent" }), "invalid", "../x"],
    ["a link from pax that leads out", () => usable(craftPax({ linkpath: "../../x" }), { name: "x", type: "2", link: "create" }), "invalid", "x"],
    ["a size from pax that is none", () => usable(craftPax({ size: "-512" }), { name: "x" }), "invalid", "x"],
    ["a size from pax beyond the limit", () => usable(craftPax({ size: "99999999999" }), { name: "x" }), "too_large", "x"],
    ["two long names for one", () => usable(craftPax({ path: "a" }), craftEntry({ name: "L", type: "L", content: "b\0" }), { name: "x" }), "invalid", "archive"],
    ["a pax record that is longer than all of them", () => usable({ name: "p", type: "x", content: "99 path=a\n" }, { name: "x" }), "invalid", "archive"],
    ["a pax record without a length", () => usable({ name: "p", type: "x", content: "path=a\n" }, { name: "x" }), "invalid", "archive"],
    ["a long name without an entry", () => craftTar(...USABLE, craftPax({ path: "a" })), "invalid", "archive"],
    ["too long a name", () => usable(craftEntry({ name: "L", type: "L", content: "n".repeat(70_000) }), { name: "x" }), "invalid", "archive"],
    ["a size that isn't one", () => usable({ name: "x", size: "9" }), "invalid", "x"],
    ["a size of ten gigabytes", () => usable({ name: "x", size: "\x80\0\0\0\0\0\0\x02\x54\x0b\xe4" }), "invalid", "x"],
    ["a damaged header", () => usable({ name: "x", checksum: "000001\0 " }), "invalid", "archive"],
    ["a form from before ustar", () => usable({ name: "x", magic: "" }), "invalid", "archive"],
    ["a cut archive", () => usable({ name: "x", content: "y".repeat(2_000) }).subarray(0, -1_600), "invalid", "archive"],
    ["an archive cut between two entries", () => usable().subarray(0, -END.length), "invalid", "archive"],
    ["an archive with half an end", () => usable().subarray(0, -512), "invalid", "archive"],
    ["something after the end", () => Buffer.concat([usable(), Buffer.from("more")]), "invalid", "archive"],
    ["a second archive after the end", () => Buffer.concat([usable(), usable()]), "invalid", "archive"],
    ["a cut gzip stream", () => gzipSync(usable()).subarray(0, -10), "invalid", "archive"],
    ["something after a gzip stream", () => Buffer.concat([gzipSync(usable()), Buffer.alloc(8)]), "invalid", "archive"],
    ["a cut zstd stream", () => zstdCompressSync(usable()).subarray(0, -2), "invalid", "archive"],
    ["something after a zstd stream", () => Buffer.concat([zstdCompressSync(usable()), Buffer.from("more")]), "invalid", "archive"],
    ["a damaged gzip stream", () => Buffer.from(gzipSync(usable()).map((byte, index) => (index === 60 ? byte ^ 0xff : byte))), "invalid", "archive"],
    ["too many files", () => usable(...Array.from({ length: DEFINITION_LIMITS.files }, (_, index) => ({ name: `f${index}` }))), "too_large", "files"],
    ["too large a file", () => gzipSync(usable({ name: "big", content: Buffer.alloc(DEFINITION_LIMITS.fileBytes + 1) })), "too_large", "big"],
    ["one large file by many links", () => usable({ name: "big", content: Buffer.alloc(8_000_000) }, { name: "b", type: "1", link: "big" }, { name: "c", type: "2", link: "b" }), "too_large", "files"],
    ["too deep a file", () => usable({ name: `${"d/".repeat(DEFINITION_LIMITS.depth + 1)}f` }), "invalid", `${"d/".repeat(DEFINITION_LIMITS.depth + 1)}f`],
  ];
  it.each(cases)("for %s", async (_, make, code, field) => {
    await expect(readDefinitionArchive(make())).rejects.toMatchObject({ code, field });
  });

  it("says nothing of a name that can't be shown", async () => {
    await expect(readDefinitionArchive(usable({ name: "evil\u001b[31mname" }))).rejects.toThrow(/^A file of the OS definition has a character/);
  });
});

describe("what an archive may have", () => {
  it("links to files inside it, also by links, also in the folder around everything", async () => {
    const tar = craftTar(
      { name: "os/", type: "5" },
      { name: "os/ganeti_api_version", content: "20\n" },
      { name: "os/common.sh", content: "#!/bin/sh\n", mode: 0o755 },
      { name: "os/untrusted/create", type: "2", link: "../common.sh" },
      { name: "os/untrusted/import", type: "2", link: "create" },
      { name: "os/untrusted/export", type: "1", link: "os/untrusted/import" },
    );
    const { manifest } = await readDefinitionArchive(tar);
    expect(manifest.untrustedScripts).toEqual(["create", "import", "export"]);
  });

  it("names in other scripts, times and owners, comments for all entries", async () => {
    const tar = craftTar(craftPax({ comment: "made by git" }, "g"), ...USABLE, craftPax({ mtime: "1.5", uname: "who" }), { name: "日本/ファイル" });
    expect(await pathsOf(tar)).toContain("日本/ファイル");
  });

  it("more empty blocks at its end", async () => {
    expect(await pathsOf(Buffer.concat([usable(), Buffer.alloc(9_216)]))).toHaveLength(2);
  });

  it("no more of the permissions than whether a file may be executed", async () => {
    const { files } = await readDefinitionArchive(usable({ name: "s", mode: 0o6711 }, { name: "w", mode: 0o666 }));
    expect(files.map(({ path: name, mode }) => [name, mode])).toEqual(expect.arrayContaining([["s", 0o755], ["w", 0o644]]));
  });
});

describe("an archive that is much larger than it looks", () => {
  /** The head of an archive, then a lot of one byte. */
  const bomb = async (head: Buffer, megabytes: number, compress: "gzip" | "zstd"): Promise<Buffer> => {
    const zeros = Buffer.alloc(1_048_576);
    const source = Readable.from((function* () {
      yield head;
      for (let n = 0; n < megabytes; n += 1) yield zeros;
    })());
    return buffer(source.pipe(compress === "gzip" ? createGzip() : createZstdCompress()));
  };

  it.each(["gzip", "zstd"] as const)("ends at once, in little memory (%s)", async (compress) => {
    const head = craftEntry({ name: "ganeti_api_version", content: "20\n" });
    const archive = await bomb(Buffer.concat([head, craftEntry({ name: "zeros", size: "77777777777" }).subarray(0, 512)]), 64, compress);
    const before = process.memoryUsage().rss;
    const began = performance.now();
    await expect(readDefinitionArchive(archive)).rejects.toMatchObject({ code: "too_large", field: "zeros" });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(ARCHIVE_LIMITS.unpackedBytes + 24 * 1_048_576);
  });

  it("is too large even where all that is too much are empty blocks", async () => {
    await expect(readDefinitionArchive(await bomb(usable(), 64, "gzip"))).rejects.toMatchObject({ code: "too_large", field: "archive" });
  });

  it.each([
    ["files", Buffer.concat(Array.from({ length: 4_000 }, (_, index) => craftEntry({ name: `f${index}` })))],
    ["folders", Buffer.concat(Array.from({ length: 4_000 }, (_, index) => craftEntry({ name: `f${index}/`, type: "5" })))],
    ["sets of pax records", Buffer.concat(Array.from({ length: 4_000 }, () => craftPax({ comment: "x" }, "g")))],
  ])("by its entries is refused for them: %s", async (_, entries) => {
    const million = Buffer.concat(Array.from({ length: 15 }, () => entries));
    await expect(readDefinitionArchive(gzipSync(million))).rejects.toMatchObject({ code: "too_large", message: `The archive has more than ${ARCHIVE_LIMITS.entries} entries.` });
  });

  it("is refused where its decompression would need a large window", async () => {
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
    stream.write(usable());
    stream.end(Buffer.alloc(1_024));
    await expect(readDefinitionArchive(await buffer(stream))).rejects.toMatchObject({ code: "invalid", field: "archive" });
  });
});

describe("reading an archive", () => {
  it("ends when whoever asked for it has gone", async () => {
    const gone = new AbortController();
    const reading = readDefinitionArchive(gzipSync(Buffer.alloc(ARCHIVE_LIMITS.unpackedBytes)), gone.signal);
    gone.abort(new Error("gone"));
    await expect(reading).rejects.toThrow("gone");
  });
});
