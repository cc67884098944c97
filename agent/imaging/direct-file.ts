import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hasErrnoCode } from "../files.ts";

/** Alignment that every disk takes, in file and memory. */
export const DIRECT_BYTES = 4_096;

/**
 * Opens a file past the page cache, where its file system can do that. Where it can't (tmpfs), what is read may come from memory.
 *
 * @param flags O_RDONLY or O_RDWR
 */
export async function openDirect(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags | constants.O_NOFOLLOW | constants.O_DIRECT);
  } catch (error) {
    if (!hasErrnoCode(error, "EINVAL")) throw error;
    return open(path, flags | constants.O_NOFOLLOW);
  }
}

/** Lengths that go past the page cache are whole ones. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / DIRECT_BYTES) * DIRECT_BYTES;
}

/** Fills a buffer from a place in a file; short where the file ends. */
export async function readFully(handle: FileHandle, buffer: Buffer, at: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Writes a part of a buffer, all of it. */
export async function writeFully(handle: FileHandle, buffer: Buffer, from: number, to: number, at: number): Promise<void> {
  let done = from;
  while (done < to) {
    const { bytesWritten } = await handle.write(buffer, done, to - done, at + done - from);
    done += bytesWritten;
  }
}
