/**
 * A ustar archive, the same bytes for the same files: no times, no owners, entries in order of their paths. Written here
 * because content is named by its digest, and every tar program adds something of its own.
 */
const BLOCK = 512;

export interface TarFile {
  /** Relative, with `/`, without `.` or `..`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Whether ustar's two name fields can hold a path. */
export function fitsTar(path: string): boolean {
  return splitName(path) !== null;
}

/** @throws where a path doesn't fit; check with `fitsTar` first. */
export function writeTar(files: readonly TarFile[]): Buffer {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const folders = new Set(sorted.flatMap(({ path }) => parents(path)));
  const entries = [
    ...[...folders].map((path) => ({ path: `${path}/`, header: header(`${path}/`, 0o755, 0, "5"), content: new Uint8Array() })),
    ...sorted.map(({ path, mode, content }) => ({ path, header: header(path, mode, content.byteLength, "0"), content })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts = entries.flatMap((entry) => [entry.header, entry.content, Buffer.alloc((BLOCK - (entry.content.byteLength % BLOCK)) % BLOCK)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function splitName(path: string): { readonly name: string; readonly prefix: string } | null {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  // The prefix ends at a slash that leaves both parts short enough.
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (name !== "" && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { name, prefix };
  }
  return null;
}

function header(path: string, mode: number, size: number, type: "0" | "5"): Buffer {
  const split = splitName(path);
  if (split === null) throw new Error("a path is too long for a tar archive");
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, length: number): void => void block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  block.write(split.name, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  block.write(split.prefix, 345, 155);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
