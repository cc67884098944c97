/**
 * A tar archive from outside, as far as an OS definition can use one: ustar with GNU's or pax's long names. Strict, because
 * programs differ in what they make of an unclean archive: nobody could say that what was looked at is what is unpacked.
 * Works on bytes that are there already, so it can neither wait nor grow.
 */
import { fileError } from "./definition-paths.ts";
import { SlipwayError } from "./errors.ts";

const BLOCK = 512;
/** Bytes of a long name, or of a set of pax records. */
const LONGEST_METADATA = 65_536;

export type ArchiveEntry =
  | { readonly kind: "file"; readonly path: string; readonly isExecutable: boolean; readonly content: Uint8Array }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "symlink" | "hardlink"; readonly path: string; readonly target: string };

export interface TarLimits {
  /** Headers of any kind, those of long names included. */
  readonly entries: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

interface Header {
  readonly type: string;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly size: number;
}

/** What a long name or a set of pax records says of the entry after it. */
interface Override {
  path?: string;
  target?: string;
  size?: number;
}

/**
 * Its entries in their order; paths and targets as they stand there, a folder's without the slash at its end. Contents are
 * views of `bytes`.
 *
 * @param whenShort thrown where the bytes end before the archive does
 * @throws SlipwayError `invalid` or `too_large`, with the entry's path or `archive` as its field
 */
export function readTar(bytes: Uint8Array, limits: TarLimits, whenShort: SlipwayError): ArchiveEntry[] {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: ArchiveEntry[] = [];
  let override: Override = {};
  let count = 0;
  let total = 0;
  for (let at = 0; ; ) {
    if (at + BLOCK > archive.length) throw whenShort;
    const block = archive.subarray(at, at + BLOCK);
    if (isEmpty(block)) {
      checkEnd(archive, at, whenShort);
      if (hasAny(override)) throw broken("has a long name without an entry");
      return entries;
    }
    count += 1;
    if (count > limits.entries) throw new SlipwayError("too_large", `The archive has more than ${limits.entries} entries.`, { field: "archive" });
    const header = readHeader(block);
    const isMetadata = METADATA.has(header.type);
    const size = isMetadata ? header.size : (override.size ?? header.size);
    const path = isMetadata ? "" : (override.path ?? header.path);
    if (!Number.isSafeInteger(size)) throw isMetadata ? broken("has a header that isn't one") : fileError(path, "has a size that isn't one");
    if (size > (isMetadata ? LONGEST_METADATA : limits.fileBytes)) {
      throw isMetadata ? broken("has too long a name") : fileError(path, `has more than ${limits.fileBytes} bytes`, { code: "too_large" });
    }
    total += isMetadata ? 0 : size;
    if (total > limits.totalBytes) throw new SlipwayError("too_large", `The archive has more than ${limits.totalBytes} bytes of files.`, { field: "archive" });
    const begin = at + BLOCK;
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
    if (at > archive.length) throw whenShort;
    const content = archive.subarray(begin, begin + size);
    if (isMetadata) {
      addMetadata(override, header.type, content);
    } else {
      entries.push(toEntry({ ...header, ...override, size, path }, content));
      override = {};
    }
  }
}

function broken(problem: string): SlipwayError {
  return new SlipwayError("invalid", `The archive ${problem}.`, { field: "archive" });
}

const EMPTY = Buffer.alloc(BLOCK);

function isEmpty(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    if (EMPTY.compare(block, 0, block.length, 0, block.length) !== 0) return false;
  }
  return true;
}

function hasAny(override: Override): boolean {
  return Object.keys(override).length > 0;
}

/** Two empty blocks, and nothing but more of them after that. */
function checkEnd(archive: Buffer, at: number, whenShort: SlipwayError): void {
  if (at + 2 * BLOCK > archive.length) throw whenShort;
  if (!isEmpty(archive.subarray(at))) throw broken("goes on after its end");
  if (archive.length % BLOCK !== 0) throw broken("doesn't end where a block ends");
}

/** Long names and pax records: not entries, but what is said of the next one, or of all. */
const METADATA = new Set(["x", "g", "L", "K"]);

function readHeader(block: Buffer): Header {
  const magic = block.toString("latin1", 257, 265);
  const isPosix = magic.startsWith("ustar\0");
  if (!isPosix && magic !== "ustar  \0") throw broken("isn't of a known form of tar, or is damaged");
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  if (octal(block, 148, 8) !== sum) throw broken("has a damaged header");
  const name = text(block, 0, 100);
  // GNU's older form keeps times where the other one has the beginning of a path.
  const prefix = isPosix ? text(block, 345, 155) : "";
  return {
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156] ?? 0),
    path: prefix === "" ? name : `${prefix}/${name}`,
    target: text(block, 157, 100),
    mode: octal(block, 100, 8),
    size: octal(block, 124, 12),
  };
}

/** NaN where it isn't a number; sizes beyond eight gigabytes, which are written otherwise, are none either. */
function octal(block: Buffer, from: number, length: number): number {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(block.toString("latin1", from, from + length))?.[1];
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8);
}

function text(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return decode(end < 0 ? field : field.subarray(0, end));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SlipwayError("invalid", "The archive has a name that is not UTF-8.", { field: "archive", cause });
  }
}

function addMetadata(override: Override, type: string, content: Buffer): void {
  const found: Override = type === "x" || type === "g" ? readPax(content) : { [type === "L" ? "path" : "target"]: text(content, 0, content.length) };
  if (type === "g" && hasAny(found)) throw broken("gives one name or size to all its entries");
  for (const key of Object.keys(found)) if (Object.hasOwn(override, key)) throw broken("names an entry twice");
  Object.assign(override, found);
}

/** `length key=value\n`, the length in decimal and of the whole record. */
function readPax(content: Buffer): Override {
  const override: Override = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const digits = space < 0 || space - at > 6 ? "" : content.toString("latin1", at, space);
    const end = /^[1-9]\d*$/.test(digits) ? at + Number(digits) : 0;
    const equals = content.indexOf(0x3d, space);
    if (end > content.length || equals < 0 || equals >= end || content[end - 1] !== 0x0a) throw broken("has a pax record that isn't one");
    addRecord(override, decode(content.subarray(space + 1, equals)), content.subarray(equals + 1, end - 1));
    at = end;
  }
  return override;
}

/** Times, owners and attributes are left out, as everything is of a file but its content and whether it may be executed. */
function addRecord(override: Override, key: string, bytes: Buffer): void {
  if (key.startsWith("GNU.sparse.") || key === "hdrcharset") throw broken("has a sparse file or names in a character set of its own");
  if (key !== "path" && key !== "linkpath" && key !== "size") return;
  const member = key === "linkpath" ? "target" : key;
  if (Object.hasOwn(override, member)) throw broken("names an entry twice");
  const value = decode(bytes);
  if (member === "size") override.size = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  else override[member] = value;
}

function toEntry(header: Header, content: Uint8Array): ArchiveEntry {
  const { path, target } = header;
  switch (header.type) {
    case "0":
      if (Number.isNaN(header.mode)) throw fileError(path, "has permissions that aren't any");
      return { kind: "file", path, isExecutable: (header.mode & 0o111) !== 0, content };
    case "1":
    case "2":
      if (content.length > 0) throw fileError(path, "is a link with a content of its own");
      return { kind: header.type === "1" ? "hardlink" : "symlink", path, target };
    case "5":
      if (content.length > 0) throw fileError(path, "is a folder with a content of its own");
      return { kind: "folder", path: path.endsWith("/") ? path.slice(0, -1) : path };
    case "3":
    case "4":
      throw fileError(path, "is a device");
    case "6":
      throw fileError(path, "is a pipe");
    case "S":
      throw fileError(path, "is a sparse file, which an archive of an OS definition can't have");
    default:
      throw fileError(path, "is neither a file nor a folder nor a link");
  }
}
