import { constants } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import path from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { DefinitionFile, ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { DEFINITION_LIMITS, parseDefinition } from "#lib/domain/os-definition-files.ts";

/**
 * Reads an OS definition's folder: files and folders, links that stay inside, and nothing else.
 *
 * @throws SlipwayError `invalid` with the file as its field, `too_large` past the limits.
 */
export async function readDefinitionDirectory(directory: string): Promise<ParsedDefinition> {
  const root = await realpath(directory).catch((cause: unknown) => {
    throw new SlipwayError("invalid", "The folder of the OS definition can't be read.", { field: "directory", cause });
  });
  const files: DefinitionFile[] = [];
  let total = 0;
  for (const relative of await listFiles(root, "", 0)) {
    if (files.length >= DEFINITION_LIMITS.files) throw tooLarge(`more than ${DEFINITION_LIMITS.files} files`);
    const file = await readFile(root, relative);
    total += file.content.byteLength;
    if (total > DEFINITION_LIMITS.totalBytes) throw tooLarge(`more than ${DEFINITION_LIMITS.totalBytes} bytes`);
    files.push(file);
  }
  return parseDefinition(files);
}

function tooLarge(what: string): SlipwayError {
  return new SlipwayError("too_large", `The OS definition has ${what}.`, { field: "directory" });
}

/** Relative paths of everything that isn't a folder. Editors' and version control's own files are no part of it. */
async function listFiles(root: string, folder: string, depth: number): Promise<string[]> {
  if (depth > DEFINITION_LIMITS.depth) throw new SlipwayError("invalid", `${folder}: is more than ${DEFINITION_LIMITS.depth} folders deep.`, { field: folder });
  const found: string[] = [];
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const relative = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(root, relative, depth + 1)));
    else found.push(relative);
    if (found.length > DEFINITION_LIMITS.files) throw tooLarge(`more than ${DEFINITION_LIMITS.files} files`);
  }
  return found;
}

async function readFile(root: string, relative: string): Promise<DefinitionFile> {
  const problem = (what: string, cause?: unknown): SlipwayError => new SlipwayError("invalid", `${relative}: ${what}.`, { field: relative, cause });
  if (!/^[^\0-\x1f\x7f]{1,255}$/u.test(relative)) throw new SlipwayError("invalid", "A file of the OS definition has a name that can't be used.", { field: "directory" });
  const named = path.join(root, relative);
  const isLink = (await lstat(named)).isSymbolicLink();
  const target = isLink
    ? await realpath(named).catch((cause: unknown) => {
        throw problem("is a link to something that isn't there", cause);
      })
    : named;
  if (!target.startsWith(root + path.sep)) throw problem("is a link out of the folder");
  // No waiting for a pipe's other end, no following of what was put in its place meanwhile.
  const handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw problem("can't be opened", cause);
  });
  try {
    const { mode, size, ...found } = await handle.stat().then((stats) => ({ mode: stats.mode, size: stats.size, isFile: stats.isFile() }));
    if (!found.isFile) throw problem("is neither a file nor a folder");
    if (size > DEFINITION_LIMITS.fileBytes) throw new SlipwayError("too_large", `${relative}: has more than ${DEFINITION_LIMITS.fileBytes} bytes.`, { field: relative });
    // One byte more than it said: a file that grows meanwhile is noticed.
    const buffer = Buffer.alloc(size + 1);
    const { bytesRead } = await handle.read(buffer, 0, size + 1, 0);
    if (bytesRead !== size) throw problem("changed while it was read");
    return { path: relative, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, content: buffer.subarray(0, size) };
  } finally {
    await handle.close();
  }
}
