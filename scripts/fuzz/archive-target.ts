import { gzipSync, zstdCompressSync } from "node:zlib";
import { definitionPathProblem } from "#lib/domain/definition-paths.ts";
import { DEFINITION_LIMITS } from "#lib/domain/os-definition-files.ts";
import { readDefinitionArchive } from "#lib/os-definitions/read-definition-archive.ts";
import { craftEntry, craftPax, END, sign, USABLE } from "#lib/os-definitions/testing-archives.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import type { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const BLOCK = 512;
const NAMES = ["a", "A", "untrusted/create", "untrusted/import", "create", "variants.list", "lib/a", "lib/", "./", ".", "./a", "../a", "/a", "a/../b", "a\\b", "", "é", "e\u0301", "\u202ea", "a\n", "日本", ".git/x", "parameters.list", "slipway.json", "lib/a/b", "d/d/d/d/d/d/d/d/d/d/f"] as const;
const TYPES = ["0", "0", "0", "1", "2", "5", "\0", "3", "4", "6", "7", "S", "V", "x", "g", "L", "K", "\xff"] as const;
const LINKS = ["", "a", "create", "../create", "ganeti_api_version", "../../etc/passwd", "/etc/passwd", "..", ".", "lib/../a", "untrusted", "untrusted/create", "\0", "x".repeat(100)] as const;
const SIZES = ["77777777777", "00000000000", "00040000000", "-0000000001", "9", "", "\x80\0\0\0\0\0\0\x02\x54\x0b\xe4", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"] as const;
const RECORDS = ["path", "linkpath", "size", "mtime", "GNU.sparse.size", "hdrcharset", "comment", "__proto__", "SCHILY.xattr.user.x"] as const;
const VALUES = ["a", "../x", "/x", "", "-1", "1e9", "NaN", "512", "99999999999999999999", "a\0b", "untrusted/create", "n".repeat(300), "\ufffd"] as const;
const SCRIPTS = ["#!/bin/sh\n", "", "20\n", "name text\n", "{}", "x".repeat(600)] as const;

/** Archives by their entries, by their bytes, and by what they would become. */
export const archiveTarget: FuzzTarget = {
  name: "archive",
  make: (random) => {
    if (random.oneIn(60)) return random.bytes(random.int(4_096));
    if (random.oneIn(400)) return bomb(random);
    const tar = makeTar(random);
    return compress(random, random.oneIn(2) ? tar : mutateTar(random, tar));
  },
  run: async (bytes) => {
    const { files, untrustedTar } = await readDefinitionArchive(bytes);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    if (files.length > DEFINITION_LIMITS.files || total > DEFINITION_LIMITS.totalBytes) throw new Error("more was read than the limits allow");
    if (files.some(({ path, mode }) => definitionPathProblem(path) !== null || (mode !== 0o644 && mode !== 0o755))) throw new Error("a file has a path or permissions that it can't have");
    return `read, ${untrustedTar === null ? "without" : "with"} an untrusted half`;
  },
};

function makeTar(random: Random): Buffer {
  const folder = random.oneIn(4) ? random.pick(["os/", "./", "os/os/"]) : "";
  const first = random.oneIn(8) ? [] : USABLE.map((entry) => craftEntry({ ...entry, name: `${folder}${String(entry.name)}` }));
  const more = random.list(6, () => makeEntry(random, random.oneIn(6) ? "" : folder));
  return Buffer.concat([...first, ...more, random.oneIn(20) ? Buffer.alloc(random.int(3) * BLOCK) : END]);
}

function makeEntry(random: Random, folder: string): Buffer {
  if (random.oneIn(5)) return craftPax(Object.fromEntries(random.list(3, () => [random.pick(RECORDS), random.pick(VALUES)])), random.oneIn(5) ? "g" : "x");
  const type = random.oneIn(2) ? "0" : random.pick(TYPES);
  const isLink = type === "1" || type === "2";
  return craftEntry({
    name: random.oneIn(10) ? `f${random.int(1_000)}` : `${folder}${random.pick(NAMES)}`,
    type,
    content: isLink && !random.oneIn(6) ? "" : random.pick(SCRIPTS),
    link: isLink ? random.pick(LINKS) : "",
    mode: random.pick([0o644, 0o755, 0o4777, 0]),
    ...(random.oneIn(10) ? { size: random.pick(SIZES) } : {}),
    ...(random.oneIn(12) ? { magic: random.pick(["ustar  \0", "", "ustar\0" + "99"]) } : {}),
    ...(random.oneIn(15) ? { prefix: random.pick(["p", "..", "/", "\xff", "p".repeat(155)]) } : {}),
  });
}

/** Where a header is changed it mostly gets its checksum again: otherwise nothing behind it would be reached. */
function mutateTar(random: Random, tar: Buffer): Buffer {
  if (random.oneIn(3) || tar.length < BLOCK) return mutateBytes(random, tar);
  const at = random.int(Math.floor(tar.length / BLOCK)) * BLOCK;
  const block = Buffer.from(tar.subarray(at, at + BLOCK));
  const field = random.pick([[0, 100], [100, 8], [124, 12], [156, 1], [157, 100], [257, 8], [345, 155]]);
  const [from = 0, length = 0] = field;
  random.bytes(1 + random.int(length)).copy(block, from);
  if (!random.oneIn(5)) sign(block);
  return Buffer.concat([tar.subarray(0, at), block, tar.subarray(at + BLOCK)]);
}

function compress(random: Random, tar: Buffer): Buffer {
  const kind = random.int(4);
  const compressed = kind < 2 ? tar : kind === 2 ? gzipSync(tar, { level: random.int(10) }) : zstdCompressSync(tar);
  if (kind < 2 || !random.oneIn(4)) return compressed;
  return random.oneIn(4) ? Buffer.concat([compressed, compressed]) : mutateBytes(random, compressed);
}

/** Little that becomes much: empty blocks, headers without end, one long file. */
function bomb(random: Random): Buffer {
  const unit = random.pick<() => Buffer>([
    () => Buffer.alloc(BLOCK),
    () => craftEntry({ name: "a/", type: "5" }),
    () => craftEntry({ name: "f" }),
    () => craftPax({ comment: "c".repeat(random.int(400)) }, "g"),
    () => Buffer.alloc(BLOCK, "x"),
  ])();
  const repeated = Buffer.alloc(random.pick([1, 8, 24]) * 1_048_576, unit);
  const tar = Buffer.concat([...USABLE.map(craftEntry), ...(random.oneIn(2) ? [craftEntry({ name: "long", size: random.pick(SIZES) }).subarray(0, BLOCK)] : []), repeated, END]);
  return random.oneIn(2) ? gzipSync(tar, { level: 1 }) : zstdCompressSync(tar);
}
