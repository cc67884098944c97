import { sourceError } from "../sources/source-error.ts";

/** As much of an image as its header is looked for in: the smallest cluster that qemu-img makes by itself. */
export const HEADER_BYTES = 65_536;

const MAGIC = 0x51_46_49_fb;
const VERSION_2_BYTES = 72;
const VERSION_3_BYTES = 104;
/** Incompatible features that are taken: dirty (refcounts alone), another compression, extended L2 entries. */
const DIRTY = 1n << 0n;
const CORRUPT = 1n << 1n;
const DATA_FILE = 1n << 2n;
const KNOWN_FEATURES = DIRTY | (1n << 3n) | (1n << 4n);
/** Header extensions that say that there is more to the image than its file. */
const EXTENSION_DATA_FILE = 0x44_41_54_41;
const EXTENSION_ENCRYPTION = 0x05_37_be_77;
/** No disk of an instance is larger: 16 TiB. */
const ABSURD_BYTES = 2n ** 44n;

export interface Qcow2Header {
  /** Of the disk that is in it. */
  readonly virtualBytes: number;
}

/**
 * Reads a qcow2 header by itself, before any program that knows more about such images sees it (design: install, "a backing file or an
 * external data file is refused"; QEMU, docs/interop/qcow2.txt).
 *
 * @param head the file's first bytes, at most `HEADER_BYTES` of them
 * @throws SlipwayError image_refused
 */
export function readQcow2Header(head: Buffer, field: string): Qcow2Header {
  const refuse = (why: string): Error => sourceError("image_refused", `The image ${why}.`, field);
  if (head.length < VERSION_2_BYTES || head.readUInt32BE(0) !== MAGIC) throw refuse("isn't qcow2, as which it is declared");
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw refuse("is of a version of qcow2 that isn't known");
  if (head.readBigUInt64BE(8) !== 0n || head.readUInt32BE(16) !== 0) throw refuse("has a backing file");
  const clusterBits = head.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) throw refuse("has clusters of a size that qcow2 doesn't have");
  if (head.readUInt32BE(32) !== 0) throw refuse("is encrypted");
  const virtualBytes = head.readBigUInt64BE(24);
  if (virtualBytes === 0n || virtualBytes > ABSURD_BYTES) throw refuse("says of itself that it is a disk of an absurd size");
  let at = VERSION_2_BYTES;
  if (version === 3) {
    if (head.length < VERSION_3_BYTES) throw refuse("ends within its header");
    const features = head.readBigUInt64BE(72);
    if ((features & DATA_FILE) !== 0n) throw refuse("has an external data file");
    if ((features & CORRUPT) !== 0n) throw refuse("is marked as damaged");
    if ((features & ~KNOWN_FEATURES) !== 0n) throw refuse("has features that aren't known");
    at = head.readUInt32BE(100);
    if (at < VERSION_3_BYTES || at % 8 !== 0) throw refuse("has a damaged header");
  }
  checkExtensions(head, at, refuse);
  return { virtualBytes: Number(virtualBytes) };
}

function checkExtensions(head: Buffer, start: number, refuse: (why: string) => Error): void {
  for (let at = start; ; ) {
    if (at + 8 > head.length) throw refuse("has a header that doesn't end");
    const type = head.readUInt32BE(at);
    const length = head.readUInt32BE(at + 4);
    if (type === 0) return;
    if (type === EXTENSION_DATA_FILE) throw refuse("has an external data file");
    if (type === EXTENSION_ENCRYPTION) throw refuse("is encrypted");
    at += 8 + Math.ceil(length / 8) * 8;
  }
}
