import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { pathProblem } from "#lib/domain/image-location.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { sourceError } from "./source-error.ts";

export interface LocalFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** Where it really lies, all links followed. */
  readonly path: string;
}

/**
 * Opens a regular file of this node for reading, if it lies in a folder that its administrator lists: links are followed first, the file
 * that they lead to is opened without following any, and where it really is is asked of the kernel once it is open. The caller closes it.
 *
 * @throws SlipwayError source_refused; source_failed where nothing is there
 */
export async function openLocal(path: string, { policy, field }: Pick<FetchOptions, "policy" | "field">): Promise<LocalFile> {
  const problem = pathProblem(path);
  if (problem !== null) throw sourceError("source_refused", `The path ${problem}.`, field);
  if (policy.folders.length === 0) throw sourceError("source_refused", "This node lists no folder from which images and media may be taken.", field);
  const folders = await realFolders(policy.folders);
  // Whether something is there is told of what lies in the folders alone.
  const real = await realpath(path).catch(() => null);
  if (real === null ? !policy.folders.some((folder) => isIn(folder, path)) : !folders.some((folder) => isIn(folder, real))) {
    throw sourceError("source_refused", "The path doesn't lie in one of the folders that this node lists for images and media.", field);
  }
  if (real === null) throw sourceError("source_failed", "There is no such file on the node.", field);
  // Not blocking: a FIFO without a writer would keep us here.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    throw sourceError("source_failed", "The file on the node can't be opened by its agent.", field, error);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw sourceError("source_refused", "What lies there on the node isn't a regular file.", field);
    const opened = await readlink(`/proc/self/fd/${String(handle.fd)}`);
    if (!folders.some((folder) => isIn(folder, opened))) throw sourceError("source_refused", "The file was moved while it was opened.", field);
    return { handle, bytes: stats.size, path: opened };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function realFolders(folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)));
  return found.filter((folder) => folder !== null);
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
