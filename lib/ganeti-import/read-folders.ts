import { access, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { StoredBlob } from "#lib/blobs/blob-files.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import type { ImportFolder } from "#lib/domain/plan-ganeti-import.ts";
import { findCarriedImage } from "#lib/os-definitions/carried-image.ts";
import { readDefinitionDirectory } from "#lib/os-definitions/read-definition-directory.ts";
import { versionDigest } from "#lib/os-definitions/store-version.ts";

/** Where Ganeti looks for OS definitions unless it was built otherwise, in its order. */
export const GANETI_OS_DIRECTORIES: readonly string[] = ["/srv/ganeti/os", "/usr/local/lib/ganeti/os", "/usr/lib/ganeti/os", "/usr/share/ganeti/os"];
/** What makes a folder an OS definition. */
const API_FILE = "ganeti_api_version";
/** Ganeti's own way to say that a script isn't trusted; ours is the folder `untrusted/`. */
const UNTRUSTED_CREATE = "create_untrusted";
const MOST_FOLDERS = 1_000;

export interface FoundFolder extends ImportFolder {
  readonly directory: string;
}

export interface FolderRoots {
  /** Beside the definition's own folder: where links in it may lead. */
  readonly roots: readonly string[];
}

/**
 * The OS definitions in folders of folders, in order; contents are not kept, since there may be many.
 *
 * @throws SlipwayError `invalid` for a folder that can't be read, `too_large`
 */
export async function readFolders(ctx: RequestContext, directories: readonly string[], links: FolderRoots): Promise<FoundFolder[]> {
  const found: FoundFolder[] = [];
  for (const directory of directories) {
    for (const name of await definitionNames(directory)) {
      if (found.length >= MOST_FOLDERS) throw new SlipwayError("too_large", `There are more than ${MOST_FOLDERS} OS definitions in the folders.`, { field: "os-directory" });
      found.push(await readFolder(ctx, path.join(directory, name), links));
    }
  }
  return found;
}

/** Ganeti's own folders that are there. */
export async function ganetiDirectories(): Promise<string[]> {
  const there = await Promise.all(GANETI_OS_DIRECTORIES.map((directory) => isThere(directory)));
  return GANETI_OS_DIRECTORIES.filter((_directory, index) => there[index] === true);
}

async function definitionNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory).catch((cause: unknown) => {
    throw new SlipwayError("invalid", "A folder of OS definitions can't be read.", { field: "os-directory", cause });
  });
  const names: string[] = [];
  for (const name of entries.filter((entry) => !entry.startsWith(".")).toSorted()) {
    if (await isThere(path.join(directory, name, API_FILE))) names.push(name);
  }
  return names;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function readFolder(ctx: RequestContext, directory: string, links: FolderRoots): Promise<FoundFolder> {
  const name = path.basename(directory);
  const base = { name, directory, facts: null, lost: [] };
  if (!DEFINITION_NAME.test(name)) return { ...base, name: null, problem: "its name can't be an OS definition's" };
  try {
    const { parsed, image } = await readDefinition(ctx, directory, links);
    const { apiVersions, variants, manifest, files } = parsed;
    const lost = files.some((file) => file.path === UNTRUSTED_CREATE) ? [`It has a script ${UNTRUSTED_CREATE}, which is not run here: an untrusted script is untrusted/create.`] : [];
    return { ...base, problem: null, lost, facts: { apiVersions, variants, parameters: manifest.parameters, digest: versionDigest(parsed, image) } };
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return { ...base, problem: error.message };
  }
}

/** A definition with its contents and its image, to be stored. */
export async function readDefinition(ctx: RequestContext, directory: string, { roots }: FolderRoots): Promise<{ readonly parsed: ParsedDefinition; readonly image: StoredBlob | null }> {
  const own = await stat(directory);
  if (!own.isDirectory()) throw new SlipwayError("invalid", "The OS definition is not a folder.", { field: "directory" });
  const parsed = await readDefinitionDirectory(directory, { roots });
  return { parsed, image: await findCarriedImage(ctx, parsed.manifest) };
}
