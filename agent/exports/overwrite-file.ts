import { open } from "node:fs/promises";

const ZEROS = Buffer.alloc(1_048_576);

/** Writes zeros over all of a file, durably: what was in it can't be read from the disk's blocks afterwards. */
export async function overwriteFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    const { size } = await handle.stat();
    for (let at = 0; at < size; at += ZEROS.length) await handle.write(ZEROS, 0, Math.min(ZEROS.length, size - at), at);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
