import { open } from "node:fs/promises";

const BLOCK = 512;
/** A script is read into memory to be served; larger files of an archive are never one. */
const LARGEST_SCRIPT_BYTES = 4 * 1_048_576;
const MOST_ENTRIES = 100_000;

export interface TarScript {
  readonly name: string;
  /** Where its bytes are in the archive. */
  readonly offset: number;
  readonly length: number;
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

function octal(header: Buffer, from: number, length: number): number {
  const digits = text(header, from, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/**
 * The regular files at the top of a tar archive: an OS definition's scripts. Only headers are read. Throws where the archive
 * is broken.
 */
export async function listTarScripts(path: string): Promise<TarScript[]> {
  const file = await open(path, "r");
  try {
    const header = Buffer.alloc(BLOCK);
    const scripts: TarScript[] = [];
    let offset = 0;
    for (let count = 0; count < MOST_ENTRIES; count += 1) {
      const { bytesRead } = await file.read(header, 0, BLOCK, offset);
      if (bytesRead < BLOCK || header.every((byte) => byte === 0)) return scripts;
      const length = octal(header, 124, 12);
      if (!Number.isSafeInteger(length)) throw new Error("the archive has a header that isn't one");
      const prefix = header.toString("latin1", 257, 262) === "ustar" ? text(header, 345, 155) : "";
      const name = text(header, 0, 100).replace(/^\.\//, "");
      const kind = String.fromCharCode(header[156] ?? 0);
      const isFile = kind === "0" || kind === "\0";
      if (isFile && prefix.replace(/^\.\/?/, "") === "" && /^[a-z0-9_-]+$/.test(name) && length <= LARGEST_SCRIPT_BYTES) {
        scripts.push({ name, offset: offset + BLOCK, length });
      }
      offset += BLOCK + Math.ceil(length / BLOCK) * BLOCK;
    }
    throw new Error("the archive has too many entries");
  } finally {
    await file.close();
  }
}

export async function readTarScript(path: string, script: TarScript): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const bytes = Buffer.alloc(script.length);
    await file.read(bytes, 0, script.length, script.offset);
    return bytes;
  } finally {
    await file.close();
  }
}
