import { readDefinitionFolder } from "#lib/definition-folders/read-definition-folder.ts";
import type { FolderOptions } from "#lib/definition-folders/read-definition-folder.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { parseDefinition } from "#lib/domain/os-definition-files.ts";

/**
 * An OS definition from a folder of this machine (design: install; links are followed inside the roots that the administrator
 * lists).
 *
 * @throws SlipwayError `invalid` with the file as its field, `too_large` past the limits.
 */
export async function readDefinitionDirectory(directory: string, options: FolderOptions = { roots: [] }): Promise<ParsedDefinition> {
  return parseDefinition(await readDefinitionFolder(directory, options));
}
