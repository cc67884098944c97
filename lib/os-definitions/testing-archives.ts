/** Archives for tests, byte by byte: also those that no tar program writes. */
import { gzipSync, zstdCompressSync } from "node:zlib";

const BLOCK = 512;

export interface CraftedEntry {
  readonly name: string | Buffer;
  /** One character; `0`, a file, unless given. */
  readonly type?: string;
  readonly content?: string | Buffer;
  readonly link?: string;
  readonly mode?: number;
  /** The text of the size field; that of the content unless given. */
  readonly size?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly checksum?: string;
}

/** A header, and its content filled up to whole blocks. */
export function craftEntry({ name, type = "0", content = "", link = "", mode = 0o644, size, magic = "ustar\0" + "00", prefix = "", checksum }: CraftedEntry): Buffer {
  const bytes = Buffer.from(content);
  const block = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(`${mode.toString(8).padStart(7, "0")}\0`, 100, "latin1");
  block.write(`${size ?? bytes.length.toString(8).padStart(11, "0")}\0`.slice(0, 12), 124, "latin1");
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write(link, 157, 100);
  block.write(magic, 257, "latin1");
  block.write(prefix, 345, 155);
  sign(block, checksum);
  return Buffer.concat([block, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

/** Writes the checksum that a header should have, or another one. */
export function sign(block: Buffer, checksum?: string): void {
  block.write("        ", 148, "latin1");
  const sum = block.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  block.write(checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

/** Pax records as one entry: they say something of the next one, or with `g` of all. */
export function craftPax(records: Readonly<Record<string, string>>, type: "x" | "g" = "x"): Buffer {
  return craftEntry({ name: "pax", type, content: Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value))) });
}

function paxRecord(key: string, value: string): Buffer {
  const body = Buffer.from(` ${key}=${value}\n`);
  // The length counts its own digits.
  const digits = [1, 2, 3, 4, 5, 6].find((count) => String(body.length + count).length === count) ?? 6;
  return Buffer.concat([Buffer.from(String(body.length + digits)), body]);
}

export const END = Buffer.alloc(2 * BLOCK);

export function craftTar(...entries: readonly (CraftedEntry | Buffer)[]): Buffer {
  return Buffer.concat([...entries.map((entry) => (Buffer.isBuffer(entry) ? entry : craftEntry(entry))), END]);
}

/** What every usable definition has. */
export const USABLE: readonly CraftedEntry[] = [
  { name: "ganeti_api_version", content: "20\n" },
  { name: "untrusted/create", content: "#!/bin/sh\n", mode: 0o755 },
];

export const COMPRESSIONS: readonly [string, (tar: Buffer) => Buffer][] = [
  ["tar", (tar) => tar],
  ["tar.gz", (tar) => gzipSync(tar)],
  ["tar.zst", (tar) => zstdCompressSync(tar)],
];
