import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { copyFile, rm, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { SlipwayError } from "#lib/domain/errors.ts";
import { syncFile } from "../files.ts";

const run = promisify(execFile);

export interface CopyOptions {
  /** Asked before bytes are copied; refuses where there is no room for so many. */
  readonly reserve: (target: string, bytes: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Copies a disk that nobody writes to, durably and sparse: by sharing its blocks where the filesystem can, which takes no time, and with
 * a program of its own elsewhere, off this process's one thread. Returns the bytes that the copy takes by itself.
 *
 * @throws SlipwayError `no_room`; nothing is left of the copy then
 */
export async function copyDisk(source: string, target: string, { reserve, signal }: CopyOptions): Promise<number> {
  signal.throwIfAborted();
  if (await clone(source, target)) {
    await syncFile(target);
    return 0;
  }
  await reserve(target, (await stat(source)).blocks * 512);
  try {
    // What it says of a failure is read below.
    await run("env", ["LC_ALL=C", "cp", "--reflink=never", "--sparse=always", "--", source, target], { signal });
    await syncFile(target);
    return (await stat(target)).blocks * 512;
  } catch (error) {
    await rm(target, { force: true });
    signal.throwIfAborted();
    if (String(error).includes("No space left on device")) throw new SlipwayError("no_room", "The node's disk is full: the copy couldn't be made.", { field: "disks", cause: error });
    throw error;
  }
}

/** Whether the filesystem could share the blocks. Why it couldn't is of no interest: what is wrong beside that, the copy will say. */
async function clone(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}
