import { opendir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { FolderList } from "#lib/agent-protocol/messages.ts";
import { readDefinitionFolder, realRoots } from "#lib/definition-folders/read-definition-folder.ts";
import { isWithin } from "#lib/domain/definition-paths.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import { writeTar } from "#lib/domain/write-tar.ts";

/** What makes a folder an OS definition, as Ganeti has it. */
const MARK = "ganeti_api_version";
const MOST_FOLDERS = 1_000;
/** Looked at in one root: a root is a folder of definitions, not of everything. */
const MOST_ENTRIES = 10_000;

type Found = FolderList["folders"][number] & { readonly directory: string };

/**
 * OS definitions in the roots that this node's administrator lists (agent/config.ts, `osRoots`). A root may hold no definitions
 * at all and be there for links only, as /etc/ganeti is for those of Debian's packages.
 */
export class OsFolders {
  readonly #roots: readonly string[];

  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  async list(): Promise<FolderList> {
    const found = await this.#find();
    return { folders: [...found.values()].slice(0, MOST_FOLDERS).map(({ name, root }) => ({ name, root })) };
  }

  /** @throws SlipwayError `unknown_object`; `invalid` and `too_large` as the folder is found to be */
  async read(name: string): Promise<Buffer> {
    const found = DEFINITION_NAME.test(name) ? (await this.#find()).get(name) : undefined;
    if (found === undefined) throw new SlipwayError("unknown_object", "This node has no such OS definition in the folders that its administrator lists.", { field: "name" });
    return writeTar(await readDefinitionFolder(found.directory, { roots: this.#roots }));
  }

  /** By name, in order of roots and names. */
  async #find(): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    const roots = await realRoots(this.#roots);
    for (const root of this.#roots) {
      for (const name of await namesIn(root)) {
        const directory = found.has(name) ? null : await definitionAt(path.join(root, name), roots);
        if (directory !== null) found.set(name, { name, root, directory });
      }
    }
    return found;
  }
}

async function namesIn(root: string): Promise<string[]> {
  const names: string[] = [];
  try {
    let entries = 0;
    for await (const { name } of await opendir(root)) {
      entries += 1;
      if (entries > MOST_ENTRIES) break;
      if (DEFINITION_NAME.test(name)) names.push(name);
    }
  } catch {
    // A root that isn't there, or not for this user, has no definitions. It may be there tomorrow.
    return [];
  }
  return names.toSorted();
}

/** The real folder of a definition; null where there is none, or a link leads out of the roots. */
async function definitionAt(named: string, roots: readonly string[]): Promise<string | null> {
  try {
    const real = await realpath(named);
    if (!roots.some((root) => isWithin(root, real))) return null;
    // Throws where `named` is no folder.
    await stat(path.join(real, MARK));
    return real;
  } catch {
    return null;
  }
}
