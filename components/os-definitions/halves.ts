import type { OsFileView } from "#lib/domain/os-definition-views.ts";

/** The two halves of a definition's folder: what may run on a host if it is trusted, and what runs in the appliance only. */
export interface Halves {
  readonly host: readonly OsFileView[];
  readonly untrusted: readonly OsFileView[];
}

const UNTRUSTED = "untrusted/";
const SCRIPT = /^(untrusted\/)?(create|import|export|rename|verify)$/;

/** A script that is run by its name, not one that others source: without its bit it isn't one. */
export function isScript({ path, mode }: Pick<OsFileView, "path" | "mode">): boolean {
  return SCRIPT.test(path) && (mode & 0o111) !== 0;
}

/** Files at the top that describe a definition, and are no code. Everything else beside untrusted/ may be sourced by a script on a host. */
const DESCRIPTION: ReadonlySet<string> = new Set(["slipway.json", "ganeti_api_version", "variants.list", "parameters.list"]);

/** What a file is part of, for whoever reads what changed. */
export function partOf(path: string): "untrusted half" | "host half" | "definition" {
  if (path.startsWith(UNTRUSTED)) return "untrusted half";
  return DESCRIPTION.has(path) ? "definition" : "host half";
}

/** Files by half, scripts first, then by path. */
export function halvesOf(files: readonly OsFileView[]): Halves {
  const sorted = files.toSorted((a, b) => Number(isScript(b)) - Number(isScript(a)) || (a.path < b.path ? -1 : 1));
  return { host: sorted.filter(({ path }) => !path.startsWith(UNTRUSTED)), untrusted: sorted.filter(({ path }) => path.startsWith(UNTRUSTED)) };
}
