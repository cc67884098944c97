/**
 * An OS definition's folder as Ganeti lays it out (`ganeti_api_version`, `variants.list`, `parameters.list`, scripts,
 * `untrusted/`) plus `slipway.json`, from files to facts. Pure: lib/os-definitions/read-definition-directory.ts reads the disk.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { SlipwayError } from "./errors.ts";
import { isPattern } from "./match-pattern.ts";
import type { OsManifest } from "./os-definition.ts";
import { expectedStepSchema, osManifestSchema, parameterDeclarationSchema } from "./os-definition.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "./parameters.ts";
import { fitsTar, writeTar } from "./write-tar.ts";

export const DEFINITION_LIMITS = { files: 512, fileBytes: 8 * 1_048_576, totalBytes: 16 * 1_048_576, depth: 8, variants: 64 } as const;
export const DEFINITION_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;
const SCRIPTS = ["create", "import", "export", "rename", "verify"] as const;
const UNTRUSTED = "untrusted/";

export interface DefinitionFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** 0o755 or 0o644: whether it may be executed is all that counts. */
  readonly mode: number;
  readonly content: Uint8Array;
}

export interface ParsedDefinition {
  readonly apiVersions: readonly number[];
  readonly variants: readonly string[];
  readonly manifest: OsManifest;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly size: number; readonly digest: string }[];
  /** sha256 over the sorted list of paths, modes and content digests. */
  readonly digest: string;
  /** Every content of a file, by its digest. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** The untrusted/ tree, its paths relative to it; null where there is none. */
  readonly untrustedTar: Buffer | null;
}

/** slipway.json. Everything in it is optional; what isn't declared there is as Ganeti has it. */
const ownManifestSchema = z.strictObject({
  title: z.string().max(120).default(""),
  description: z.string().max(2_000).default(""),
  parameters: z
    .array(
      parameterDeclarationSchema
        .extend({
          visibility: parameterDeclarationSchema.shape.visibility.default("public"),
          type: parameterDeclarationSchema.shape.type.default("string"),
          required: parameterDeclarationSchema.shape.required.default(false),
          default: parameterDeclarationSchema.shape.default.default(null),
          pattern: parameterDeclarationSchema.shape.pattern.default(null),
          choices: parameterDeclarationSchema.shape.choices.default([]),
          help: parameterDeclarationSchema.shape.help.default(""),
        }),
    )
    .max(PARAMETER_LIMITS.count)
    .default([]),
  steps: z.array(expectedStepSchema.extend({ weight: expectedStepSchema.shape.weight.default(1) })).max(64).default([]),
  minimumDiskMib: z.number().int().min(0).default(0),
  minimumMemoryMib: z.number().int().min(0).default(0),
  bootMarker: z.string().min(1).max(200).nullable().default(null),
  appliance: osManifestSchema.shape.appliance,
  imageUse: osManifestSchema.shape.imageUse,
  defaultImage: osManifestSchema.shape.defaultImage,
  installParameters: osManifestSchema.shape.installParameters,
});

function invalid(file: string, problem: string): SlipwayError {
  return new SlipwayError("invalid", `${file}: ${problem}`, { field: file });
}

function text(files: ReadonlyMap<string, DefinitionFile>, path: string): string | null {
  const file = files.get(path);
  if (file === undefined) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(file.content);
  } catch {
    throw invalid(path, "is not UTF-8 text");
  }
}

/** Lines with something on them; `#` begins a comment. */
function lines(content: string | null): string[] {
  return (content ?? "").split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

/** @throws SlipwayError `invalid`, with the file in which the problem is as its field. */
export function parseDefinition(list: readonly DefinitionFile[]): ParsedDefinition {
  const files = new Map(list.map((file) => [file.path, file]));
  for (const { path } of list) if (path.startsWith(UNTRUSTED) && !fitsTar(path.slice(UNTRUSTED.length))) throw invalid(path, "has too long a path");
  const entries = list
    .map(({ path, mode, content }) => ({ path, mode, size: content.byteLength, digest: sha256(content) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const untrusted = list.filter(({ path }) => path.startsWith(UNTRUSTED)).map((file) => ({ ...file, path: file.path.slice(UNTRUSTED.length) }));
  return {
    apiVersions: parseApiVersions(text(files, "ganeti_api_version")),
    variants: parseVariants(text(files, "variants.list")),
    manifest: parseManifest(files),
    files: entries,
    contents: new Map(list.map(({ content }) => [sha256(content), content])),
    digest: sha256(Buffer.from(entries.map(({ path, mode, digest }) => `${path}\0${mode.toString(8)}\0${digest}\n`).join(""))),
    untrustedTar: untrusted.length === 0 ? null : writeTar(untrusted),
  };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function parseApiVersions(content: string | null): number[] {
  const versions = lines(content).map((line) => (/^\d{1,4}$/.test(line) ? Number(line) : Number.NaN));
  if (versions.length === 0) throw invalid("ganeti_api_version", "is missing or empty");
  if (versions.some(Number.isNaN)) throw invalid("ganeti_api_version", "must have a number a line");
  return [...new Set(versions)].toSorted((a, b) => a - b);
}

function parseVariants(content: string | null): string[] {
  const variants = lines(content);
  if (variants.length > DEFINITION_LIMITS.variants) throw invalid("variants.list", `has more than ${DEFINITION_LIMITS.variants} variants`);
  for (const variant of variants) if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(variant)) throw invalid("variants.list", "has a name that can't be used");
  if (new Set(variants).size !== variants.length) throw invalid("variants.list", "names a variant twice");
  return variants;
}

/** `name description` a line, as Ganeti has it. */
function parseParameterList(content: string | null): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const line of lines(content)) {
    const [name = "", ...rest] = line.split(/\s+/);
    if (!PARAMETER_NAME.test(name)) throw invalid("parameters.list", "has a name that can't be used");
    if (parameters.has(name)) throw invalid("parameters.list", `names ${name} twice`);
    parameters.set(name, rest.join(" ").slice(0, 2_000));
  }
  return parameters;
}

function parseManifest(files: ReadonlyMap<string, DefinitionFile>): OsManifest {
  const own = parseOwnManifest(text(files, "slipway.json"));
  const listed = parseParameterList(text(files, "parameters.list"));
  const declared = new Set<string>();
  for (const parameter of own.parameters) {
    const problem = declared.has(parameter.name) ? "is declared twice" : checkDeclaration(parameter);
    if (problem !== null) throw invalid("slipway.json", `parameter ${parameter.name} ${problem}`);
    declared.add(parameter.name);
  }
  if (new Set(own.steps.map((step) => step.id)).size !== own.steps.length) throw invalid("slipway.json", "names a step twice");
  const fromList = [...listed]
    .filter(([name]) => !declared.has(name))
    .map(([name, help]) => ({ name, visibility: "public" as const, type: "string" as const, required: false, default: null, pattern: null, choices: [], help }));
  const scripts = (folder: string): string[] => SCRIPTS.filter((name) => ((files.get(folder + name)?.mode ?? 0) & 0o111) !== 0);
  const manifest = osManifestSchema.safeParse({
    ...own,
    parameters: own.parameters.map((parameter) => (parameter.help === "" ? { ...parameter, help: listed.get(parameter.name) ?? "" } : parameter)).concat(fromList),
    hostScripts: scripts(""),
    untrustedScripts: scripts(UNTRUSTED),
  });
  if (!manifest.success) throw invalid("parameters.list", `together with slipway.json has more than ${PARAMETER_LIMITS.count} parameters`);
  if (manifest.data.hostScripts.length + manifest.data.untrustedScripts.length === 0) {
    throw invalid("create", "there is no executable script, neither here nor in untrusted/");
  }
  return manifest.data;
}

function parseOwnManifest(content: string | null): z.output<typeof ownManifestSchema> {
  let json: unknown = {};
  try {
    if (content !== null) json = JSON.parse(content);
  } catch {
    throw invalid("slipway.json", "is not JSON");
  }
  const parsed = ownManifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid("slipway.json", `${issue?.path.join(".") ?? ""} ${issue?.message ?? "can't be used"}`.trim());
}

/** What zod's shapes can't say. */
function checkDeclaration(parameter: OsManifest["parameters"][number]): string | null {
  if (parameter.default !== null && parameter.visibility !== "public") return "has a default, which only a public parameter can have";
  if (parameter.type === "choice" && parameter.choices.length === 0) return "is a choice without choices";
  if (parameter.type === "choice" && parameter.default !== null && !parameter.choices.includes(parameter.default)) return "has a default that is not among its choices";
  if (parameter.pattern !== null && !isPattern(parameter.pattern)) return "has a pattern that is not a regular expression";
  return null;
}
