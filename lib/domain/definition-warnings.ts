import type { ParsedDefinition } from "./os-definition-files.ts";
import { SCRIPTS } from "./place-scripts.ts";

/** What a person should look at before a definition is registered, in sentences. None of it keeps it from being registered. */
export function definitionWarnings({ files, manifest, variants }: Pick<ParsedDefinition, "files" | "manifest" | "variants">): string[] {
  const scripts = new Set(SCRIPTS.flatMap((script): string[] => [script, `untrusted/${script}`]));
  const inert = files.filter(({ path, mode }) => scripts.has(path) && (mode & 0o111) === 0);
  const has = (script: string): boolean => manifest.hostScripts.includes(script) || manifest.untrustedScripts.includes(script);
  return [
    ...inert.map(({ path }) => `${path} isn't executable, so it isn't a script of this definition.`),
    ...(has("create") ? [] : ["It has no create script, so no instance can be installed with it."]),
    ...(manifest.hostScripts.includes("create") && !manifest.untrustedScripts.includes("create") ? ["Its create script is in the host half only: it installs nothing until an administrator trusts it."] : []),
    ...(files.some(({ path }) => path === "variants.list") && variants.length === 0 ? ["variants.list names no variant."] : []),
  ];
}
