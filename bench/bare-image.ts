import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { open, rm } from "node:fs/promises";
import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import type { ImageForm } from "./image-sources.ts";

const MIB = 1_048_576;
const COMMAND_MS = 600_000;

/**
 * An image's way to a disk by hand, one command after the other: `qemu-img convert` or the decompressor to a new file, fsync, the digest
 * of the source and the digest of what was written.
 *
 * @returns milliseconds
 */
export async function dumpBare({ file, format, compression }: Omit<ImageForm, "name">, disk: string): Promise<number> {
  await rm(disk, { force: true });
  const begun = performance.now();
  if (compression === "none") await runOrFail("qemu-img", ["convert", "-f", format, "-O", "raw", file, disk], { cwd: path.dirname(file), timeoutMs: COMMAND_MS });
  else await unpack(compression, file, disk);
  const written = await open(disk, "r+");
  await written.sync();
  await written.close();
  for (const digested of [file, disk]) await digest(digested);
  return performance.now() - begun;
}

/** As one does it by hand: zstd leaves holes in a file by itself, the others' output goes to one. */
async function unpack(compression: "gzip" | "xz" | "zstd", file: string, disk: string): Promise<void> {
  const target = await open(disk, "wx");
  try {
    const args = compression === "zstd" ? ["--decompress", "--quiet", "--force", file, "-o", disk] : ["--decompress", "--stdout", "--", file];
    const child = spawn(compression, args, { stdio: ["ignore", compression === "zstd" ? "ignore" : target.fd, "inherit"] });
    // A decompressor's status and signal.
    const [status] = (await once(child, "close")) as [number | null, string | null];
    if (status !== 0) throw new Error(`${compression} ended with status ${String(status)}`);
  } finally {
    await target.close();
  }
}

/** The same library as ours, reading ahead while it computes. */
async function digest(file: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(file, "r");
  const buffers = [Buffer.alloc(MIB), Buffer.alloc(MIB)] as const;
  let next = handle.read(buffers[0], 0, MIB, 0);
  for (let at = 0, turn = 1; ; turn++) {
    const { bytesRead, buffer } = await next;
    if (bytesRead === 0) break;
    at += bytesRead;
    next = handle.read(buffers[turn % 2 === 0 ? 0 : 1], 0, MIB, at);
    hash.update(buffer.subarray(0, bytesRead));
  }
  await handle.close();
  return hash.digest("hex");
}
