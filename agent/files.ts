import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Makes what was renamed or created in a folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the bytes of a file survive a loss of power. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Suffix of files that are being written; what has it at a start is a leftover. */
export const TEMPORARY_SUFFIX = ".tmp";

/** Replaces a small file as a whole, mode 0600: after a crash it has the old content or the new one, durably. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}${TEMPORARY_SUFFIX}`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** The content of a file, or null where there is none. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Every record of a folder of them, `NAME.json`, as `parse` has it. One that can't be read is told and passed over: it must not keep the
 * agent from the others.
 */
export async function readRecords<T>(folder: string, parse: (content: unknown) => T, onUnreadable: (name: string, error: unknown) => void): Promise<T[]> {
  const records: T[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".json")) continue;
    try {
      const text = await readIfPresent(join(folder, name));
      if (text !== null) records.push(parse(JSON.parse(text)));
    } catch (error) {
      onUnreadable(name, error);
    }
  }
  return records;
}

export function isMissing(error: unknown): boolean {
  return hasErrnoCode(error, "ENOENT");
}

export function hasErrnoCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
