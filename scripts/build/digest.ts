import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * sha256, in hex, over the names and contents of files. Folders are taken with everything in them.
 *
 * @param places files and folders, relative to the root; one that isn't there counts as such
 * @param skip which names of folders and files don't count, wherever they are
 */
export function digestOf(root: string, places: readonly string[], skip: (name: string) => boolean = () => false): string {
  const hash = createHash("sha256");
  for (const place of [...places].sort()) {
    for (const file of filesOf(root, place, skip)) {
      hash.update(`${file}\0${createHash("sha256").update(readFileSync(path.join(root, file))).digest("hex")}\n`);
    }
  }
  return hash.digest("hex");
}

/** Every file at or below a place, relative to the root, in a fixed order. Symlinks aren't followed and don't count. */
export function filesOf(root: string, place: string, skip: (name: string) => boolean): string[] {
  const files: string[] = [];
  const visit = (directory: string, names: readonly string[]): void => {
    for (const name of [...names].sort()) {
      if (skip(name)) continue;
      const relative = path.join(directory, name);
      const entries = listIfDirectory(path.join(root, relative));
      if (entries === "file") files.push(relative);
      else if (entries !== null) visit(relative, entries);
    }
  };
  visit(path.dirname(place), [path.basename(place)]);
  return files;
}

function listIfDirectory(file: string): string[] | "file" | null {
  try {
    return readdirSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOTDIR") return "file";
    if (code === "ENOENT") return null;
    throw error;
  }
}
