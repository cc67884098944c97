import { z } from "zod";
import type { ParsedDefinition } from "./os-definition-files.ts";
import { SCRIPTS } from "./place-scripts.ts";
import { OS_API_VERSION } from "./plan-install.ts";

/** Names that one sentence repeats. */
const MOST_NAMES = 12;

/** What a person should look at before a definition is registered, in sentences. None of it keeps it from being registered. */
export function definitionWarnings(parsed: ParsedDefinition): string[] {
  const { files, contents, manifest, variants, apiVersions } = parsed;
  const scripts = new Set(SCRIPTS.flatMap((script): string[] => [script, `untrusted/${script}`]));
  const inert = files.filter(({ path, mode }) => scripts.has(path) && (mode & 0o111) === 0);
  const unrunnable = files.filter(({ path, mode, digest }) => scripts.has(path) && (mode & 0o111) !== 0 && !saysWhatRunsIt(contents.get(digest)));
  const has = (script: string): boolean => manifest.hostScripts.includes(script) || manifest.untrustedScripts.includes(script);
  const classless = namesWithoutClass(parsed);
  return [
    ...inert.map(({ path }) => `${path} isn't executable, so it isn't a script of this definition.`),
    ...unrunnable.map(({ path }) => `${path} doesn't begin with #! and isn't an ELF program, so it can't be started.`),
    ...(apiVersions.includes(OS_API_VERSION) ? [] : [`ganeti_api_version hasn't ${OS_API_VERSION}, the one version that scripts are run with.`]),
    ...(has("create") ? [] : ["It has no create script, so no instance can be installed with it."]),
    ...(manifest.hostScripts.includes("create") && !manifest.untrustedScripts.includes("create") ? ["Its create script is in the host half only: it installs nothing until an administrator trusts it."] : []),
    ...(files.some(({ path }) => path === "variants.list") && variants.length === 0 ? ["variants.list names no variant."] : []),
    ...(classless.length === 0 ? [] : [`Parameters that parameters.list names and slipway.json doesn't are public, their values stored and shown as they are: ${shorten(classless)}.`]),
  ];
}

/** The kernel starts programs, and scripts whose first line names one. */
function saysWhatRunsIt(content: Uint8Array | undefined): boolean {
  const begins = (bytes: readonly number[]): boolean => bytes.every((byte, index) => content?.[index] === byte);
  return begins([0x23, 0x21]) || begins([0x7f, 0x45, 0x4c, 0x46]);
}

const declaredSchema = z.object({ parameters: z.array(z.object({ name: z.string() })).default([]) });

/** Ganeti's list has no classes, so that what stands in it alone is public. */
function namesWithoutClass({ files, contents, manifest }: ParsedDefinition): string[] {
  const own = contents.get(files.find(({ path }) => path === "slipway.json")?.digest ?? "");
  // It was read as JSON of this shape when it was parsed.
  const declared = own === undefined ? [] : declaredSchema.parse(JSON.parse(new TextDecoder().decode(own))).parameters;
  const names = new Set(declared.map(({ name }) => name));
  return manifest.parameters.map(({ name }) => name).filter((name) => !names.has(name));
}

function shorten(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
