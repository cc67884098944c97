import { constants } from "node:fs";
import { open, opendir, readlink, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { definitionPathProblem, fileError, isWithin, PATH_DEPTH } from "#lib/domain/definition-paths.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { DefinitionFile } from "#lib/domain/os-definition-files.ts";
import { DEFINITION_LIMITS, tooLarge } from "#lib/domain/os-definition-files.ts";

/** Whatever is in a folder, folders and what is left out counted too. */
const MOST_ENTRIES = 4 * DEFINITION_LIMITS.files;

export interface FolderOptions {
  /** Absolute folders in which a link may end, beside the definition's own: Debian keeps its variants.list under /etc. */
  readonly roots: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files of an OS definition's folder as they are on a disk: files and folders, and links to them that end in the folder
 * itself or in one of the roots. Nothing else, and nothing hidden. Read by a controller's set-up and by agents.
 *
 * @throws SlipwayError `invalid` with the file as its field, `too_large` past DEFINITION_LIMITS
 */
export async function readDefinitionFolder(directory: string, { roots, signal }: FolderOptions): Promise<DefinitionFile[]> {
  const own = await realpath(directory).catch((cause: unknown) => {
    throw new SlipwayError("invalid", "The folder of the OS definition can't be read.", { field: "directory", cause });
  });
  const reader = new FolderReader([own, ...(await realRoots(roots))], signal);
  await reader.readFolder(own, "", []);
  return reader.files;
}

/** The roots as they really are, without those that aren't there. */
export async function realRoots(roots: readonly string[]): Promise<string[]> {
  const found = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
  return found.filter((root) => root !== null);
}

class FolderReader {
  readonly files: DefinitionFile[] = [];
  readonly #within: readonly string[];
  readonly #signal: AbortSignal | undefined;
  #entries = 0;
  #bytes = 0;

  constructor(within: readonly string[], signal: AbortSignal | undefined) {
    this.#within = within;
    this.#signal = signal;
  }

  /** @param above the real folders that this one is in: a link to one of them leads in a circle */
  async readFolder(folder: string, relative: string, above: readonly string[]): Promise<void> {
    if (above.length > PATH_DEPTH) throw fileError(relative, `is more than ${PATH_DEPTH} folders deep`);
    if (above.includes(folder)) throw fileError(relative, "is a link that leads in a circle");
    for (const name of await this.#names(folder, relative)) {
      await this.#readEntry(path.join(folder, name), relative === "" ? name : `${relative}/${name}`, [...above, folder]);
    }
  }

  /** In order. Editors' and version control's own files are no part of a definition. */
  async #names(folder: string, relative: string): Promise<string[]> {
    const names: string[] = [];
    const handle = await opendir(folder).catch((cause: unknown) => {
      throw fileError(relative, "can't be read", { cause });
    });
    for await (const { name } of handle) {
      this.#entries += 1;
      if (this.#entries > MOST_ENTRIES) throw tooLarge(`more than ${MOST_ENTRIES} entries`);
      if (!name.startsWith(".")) names.push(name);
    }
    return names.toSorted();
  }

  async #readEntry(named: string, relative: string, above: readonly string[]): Promise<void> {
    this.#signal?.throwIfAborted();
    const problem = definitionPathProblem(relative);
    if (problem !== null) throw fileError(relative, problem);
    const real = await realpath(named).catch((cause: unknown) => {
      throw fileError(relative, "is a link to something that isn't there, or to itself", { cause });
    });
    this.#refuseOutside(real, relative);
    const { isFolder } = await stat(real).then(
      (stats) => ({ isFolder: stats.isDirectory() }),
      (cause: unknown) => {
        throw fileError(relative, "can't be opened", { cause });
      },
    );
    if (isFolder) await this.readFolder(real, relative, above);
    else await this.#readFile(real, relative);
  }

  #refuseOutside(real: string, relative: string): void {
    if (!this.#within.some((folder) => isWithin(folder, real))) throw fileError(relative, "is a link out of the folder, and not into a root that the administrator lists");
  }

  async #readFile(real: string, relative: string): Promise<void> {
    if (this.files.length >= DEFINITION_LIMITS.files) throw tooLarge(`more than ${DEFINITION_LIMITS.files} files`);
    // No waiting for a pipe's other end, no following of what was put in its place meanwhile.
    const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
      throw fileError(relative, "can't be opened", { cause });
    });
    try {
      // A folder on the way may have become a link since: what counts is what was opened.
      this.#refuseOutside(await readlink(`/proc/self/fd/${handle.fd}`), relative);
      const stats = await handle.stat();
      const { mode, size } = stats;
      if (!stats.isFile()) throw fileError(relative, "is neither a file nor a folder");
      if (size > DEFINITION_LIMITS.fileBytes) throw fileError(relative, `has more than ${DEFINITION_LIMITS.fileBytes} bytes`, { code: "too_large" });
      this.#bytes += size;
      if (this.#bytes > DEFINITION_LIMITS.totalBytes) throw tooLarge(`more than ${DEFINITION_LIMITS.totalBytes} bytes`);
      // One byte more than it said: a file that grows meanwhile is noticed.
      const buffer = Buffer.alloc(size + 1);
      const { bytesRead } = await handle.read(buffer, 0, size + 1, 0);
      if (bytesRead !== size) throw fileError(relative, "changed while it was read");
      this.files.push({ path: relative, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, content: buffer.subarray(0, size) });
    } finally {
      await handle.close();
    }
  }
}
