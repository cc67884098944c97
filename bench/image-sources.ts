import { mkdir, open, opendir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";

const MIB = 1_048_576;
/** Of the disk; and of what is in it, which is what a small Debian has. */
export const IMAGE_MIB = 1_024;
const DATA_MIB = 295;
/** A program or library, and no data of some application's own. */
const LARGEST_FILE = 8 * MIB;
const COMMAND_MS = 600_000;

/** One form of the same disk. */
export interface ImageForm {
  readonly name: string;
  readonly file: string;
  readonly format: "raw" | "qcow2";
  readonly compression: "none" | "gzip" | "xz" | "zstd";
}

/** Makes a disk of files of this machine's system with holes between them, and its other forms. */
export async function makeForms(directory: string): Promise<readonly ImageForm[]> {
  await mkdir(directory, { recursive: true });
  const raw = path.join(directory, "disk");
  await makeDisk(raw);
  const make = async (suffix: string, command: readonly [string, ...string[]]): Promise<string> => {
    const [program, ...args] = command;
    await runOrFail(program, args, { cwd: directory, timeoutMs: COMMAND_MS });
    return `${raw}.${suffix}`;
  };
  return [
    { name: "raw", file: raw, format: "raw", compression: "none" },
    { name: "qcow2", file: await make("qcow2", ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, `${raw}.qcow2`]), format: "qcow2", compression: "none" },
    { name: "gzip", file: await make("gz", ["gzip", "--keep", "-1", raw]), format: "raw", compression: "gzip" },
    { name: "xz", file: await make("xz", ["xz", "--keep", "-1", "--threads=0", raw]), format: "raw", compression: "xz" },
    { name: "zstd", file: await make("zst", ["zstd", "--quiet", "--keep", raw]), format: "raw", compression: "zstd" },
  ];
}

async function makeDisk(file: string): Promise<void> {
  const disk = await open(file, "wx");
  try {
    await disk.truncate(IMAGE_MIB * MIB);
    let [at, written] = [0, 0];
    for await (const source of systemFiles()) {
      const content = await readFile(source).catch(() => null);
      if (content === null || at + content.length > IMAGE_MIB * MIB) continue;
      await disk.write(content, 0, content.length, at);
      written += content.length;
      // As file systems have it: a file begins at a block, and now and then a group of blocks is empty.
      at = Math.ceil((at + content.length) / 4_096) * 4_096 + (written % 7 === 0 ? MIB : 0);
      if (written >= DATA_MIB * MIB) return;
    }
    throw new Error("this machine's system has too few files to make a disk of");
  } finally {
    await disk.close();
  }
}

async function* systemFiles(): AsyncGenerator<string, void, undefined> {
  for (const root of ["/usr/lib", "/usr/bin", "/usr/share"]) {
    for await (const entry of await opendir(root, { recursive: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile() && (await stat(file)).size <= LARGEST_FILE) yield file;
    }
  }
}
