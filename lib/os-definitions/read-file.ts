import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { OsFileContentView } from "#lib/domain/os-definition-views.ts";
import { noVersion } from "./get-version.ts";
import { readText, TEXT_BYTES } from "./read-text.ts";
import { requireDefinition } from "./require-definition.ts";

/**
 * A file of a version, by its path exactly as the version's list has it: nothing is looked up on a disk.
 *
 * @throws SlipwayError `unknown_object`, field `path` where there is no such file.
 */
export async function readFile(ctx: RequestContext, name: string, version: number, path: string): Promise<OsFileContentView> {
  const { db } = ctx.services;
  const { id: definitionId } = await requireDefinition(ctx, "os.read", name);
  const row = await db.osDefinitionVersion.findUnique({ where: { definitionId_version: { definitionId, version } }, select: { id: true } });
  if (row === null) throw noVersion(name, version);
  // PostgreSQL's texts hold no NUL, and so no path that is stored does.
  const file = path.includes("\0") ? null : await db.osDefinitionFile.findUnique({ where: { versionId_path: { versionId: row.id, path } } });
  if (file === null) throw new SlipwayError("unknown_object", `Version ${version} of OS definition ${name} has no such file.`, { field: "path" });
  const { mode, size, digest } = file;
  const content = size > TEXT_BYTES ? null : await db.osFileContent.findUnique({ where: { digest }, select: { content: true } });
  return { path, mode, size, digest, ...readText(size, content?.content ?? null) };
}
