/** Disks and packages, made in a moment. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { bootSector } from "#agent/e2e/boot-sector.ts";

const run = promisify(execFile);
const MIB = 1_048_576;
const FILESYSTEM_MIB = 12;

/** A disk that says a line when it is started, and has a partition with a system's folders on it. */
export async function makeDisk(line: string): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), "disk-"));
  try {
    for (const name of ["etc", "usr"]) mkdirSync(path.join(folder, "tree", name), { recursive: true });
    writeFileSync(path.join(folder, "tree/etc/motd"), "from the image\n");
    const file = path.join(folder, "filesystem");
    await run("mke2fs", ["-q", "-t", "ext4", "-m", "0", "-d", path.join(folder, "tree"), file, `${String(FILESYSTEM_MIB)}M`]);
    const start = Buffer.alloc(MIB);
    bootSector(line).copy(start);
    // The table's first entry: bootable, Linux, from the first mebibyte on.
    start.set([0x80, 0, 0, 0, 0x83, 0, 0, 0], 446);
    start.writeUInt32LE(MIB / 512, 454);
    start.writeUInt32LE((FILESYSTEM_MIB * MIB) / 512, 458);
    return Buffer.concat([start, readFileSync(file)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same disk as qcow2. */
export async function toQcow2(disk: Buffer): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), "qcow2-"));
  try {
    writeFileSync(path.join(folder, "raw"), disk);
    await run("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", path.join(folder, "raw"), path.join(folder, "qcow2")]);
    return readFileSync(path.join(folder, "qcow2"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A package of files by their path. */
export async function makePackage(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), "package-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, "tree", name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    await run("tar", ["--create", "--gzip", "--file", path.join(folder, "package.tgz"), "--owner=0", "--group=0", "--directory", path.join(folder, "tree"), "."]);
    return readFileSync(path.join(folder, "package.tgz"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
