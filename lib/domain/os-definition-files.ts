/**
 * An OS definition's folder as Ganeti lays it out (`ganeti_api_version`, `variants.list`, `parameters.list`, scripts,
 * `untrusted/`) plus `slipway.json`, from files to facts. Pure: lib/os-definitions/read-definition-directory.ts reads the disk.
 */
import { createHash } from "node:crypto";
import { definitionPathProblem, fileError, PATH_DEPTH, pathRegister } from "./definition-paths.ts";
import { SlipwayError } from "./errors.ts";
import type { OsManifest } from "./os-definition.ts";
import { osManifestSchema } from "./os-definition.ts";
import { parseOwnManifest } from "./own-manifest.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "./parameters.ts";
import { hasUnseen } from "./unseen-text.ts";
import { writeTar } from "./write-tar.ts";

export const DEFINITION_LIMITS = { files: 512, fileBytes: 8 * 1_048_576, totalBytes: 16 * 1_048_576, depth: PATH_DEPTH, variants: 64 } as const;
export const DEFINITION_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;
const SCRIPTS = ["create", "import", "export", "rename", "verify"] as const;
const UNTRUSTED = "untrusted/";

/** Bytes of the files that are read here, and characters of a line of Ganeti's. */
const TEXT_BYTES = { ganeti_api_version: 4_096, "variants.list": 65_536, "parameters.list": 1_048_576, "slipway.json": 1_048_576 } as const;
type TextFile = keyof typeof TEXT_BYTES;
const LINE_LENGTH = 4_096;
const HELP_LENGTH = 2_000;

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

function text(files: ReadonlyMap<string, DefinitionFile>, path: TextFile): string | null {
  const file = files.get(path);
  if (file === undefined) return null;
  if (file.content.byteLength > TEXT_BYTES[path]) throw fileError(path, `has more than ${TEXT_BYTES[path]} bytes`, { code: "too_large" });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(file.content);
  } catch (cause) {
    throw fileError(path, "is not UTF-8 text", { cause });
  }
}

/** A line with something on it. */
interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Lines with something on them; `#` begins a comment. */
function lines(files: ReadonlyMap<string, DefinitionFile>, path: TextFile): Line[] {
  const all = (text(files, path) ?? "").split(/\r?\n/).map((line, index) => ({ number: index + 1, text: line }));
  for (const line of all) {
    if (line.text.length > LINE_LENGTH) throw fileError(path, `line ${line.number} has more than ${LINE_LENGTH} characters`);
    if (hasUnseen(line.text)) throw fileError(path, `line ${line.number} has a control character`);
  }
  return all.map((line) => ({ ...line, text: line.text.trim() })).filter((line) => line.text !== "" && !line.text.startsWith("#"));
}

/**
 * Checks a definition's files, wherever they come from, and reads what they say. Nothing of it is run.
 *
 * @throws SlipwayError `invalid` or `too_large`, with the file in which the problem is as its field
 */
export function parseDefinition(list: readonly DefinitionFile[]): ParsedDefinition {
  checkFiles(list);
  const files = new Map(list.map((file) => [file.path, file]));
  const digests = new Map(list.map(({ path, content }) => [path, sha256(content)]));
  const digestOf = (path: string): string => digests.get(path) ?? "";
  const entries = list
    .map(({ path, mode, content }) => ({ path, mode, size: content.byteLength, digest: digestOf(path) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const untrusted = list.filter(({ path }) => path.startsWith(UNTRUSTED)).map((file) => ({ ...file, path: file.path.slice(UNTRUSTED.length) }));
  return {
    apiVersions: parseApiVersions(lines(files, "ganeti_api_version")),
    variants: parseVariants(lines(files, "variants.list")),
    manifest: parseManifest(files),
    files: entries,
    contents: new Map(list.map(({ path, content }) => [digestOf(path), content])),
    digest: sha256(Buffer.from(entries.map(({ path, mode, digest }) => `${path}\0${mode.toString(8)}\0${digest}\n`).join(""))),
    untrustedTar: untrusted.length === 0 ? null : writeTar(untrusted),
  };
}

function checkFiles(list: readonly DefinitionFile[]): void {
  if (list.length > DEFINITION_LIMITS.files) throw tooLarge(`more than ${DEFINITION_LIMITS.files} files`);
  const register = pathRegister();
  let total = 0;
  for (const { path, content } of list) {
    const problem = definitionPathProblem(path);
    if (problem !== null) throw fileError(path, problem);
    register.add(path, "file");
    if (content.byteLength > DEFINITION_LIMITS.fileBytes) throw fileError(path, `has more than ${DEFINITION_LIMITS.fileBytes} bytes`, { code: "too_large" });
    total += content.byteLength;
    if (total > DEFINITION_LIMITS.totalBytes) throw tooLarge(`more than ${DEFINITION_LIMITS.totalBytes} bytes`);
  }
}

/** Of a definition as a whole. */
export function tooLarge(what: string): SlipwayError {
  return new SlipwayError("too_large", `The OS definition has ${what}.`, { field: "files" });
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function parseApiVersions(list: readonly Line[]): number[] {
  const file = "ganeti_api_version";
  if (list.length === 0) throw fileError(file, "is missing or empty");
  const wrong = list.find(({ text }) => !/^\d{1,4}$/.test(text));
  if (wrong !== undefined) throw fileError(file, `line ${wrong.number} isn't a number`);
  return [...new Set(list.map(({ text }) => Number(text)))].toSorted((a, b) => a - b);
}

function parseVariants(list: readonly Line[]): readonly string[] {
  const file = "variants.list";
  if (list.length > DEFINITION_LIMITS.variants) throw fileError(file, `has more than ${DEFINITION_LIMITS.variants} variants`);
  const variants = new Set<string>();
  for (const { number, text: variant } of list) {
    if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(variant)) throw fileError(file, `line ${number} isn't a variant's name, which has letters, digits, _, . and - only`);
    if (variants.has(variant)) throw fileError(file, `line ${number} names ${variant} once more`);
    variants.add(variant);
  }
  return [...variants];
}

/** `name description` a line, as Ganeti has it. */
function parseParameterList(list: readonly Line[]): Map<string, string> {
  const file = "parameters.list";
  const parameters = new Map<string, string>();
  for (const line of list) {
    const [name = "", ...rest] = line.text.split(/\s+/);
    const help = rest.join(" ");
    if (!PARAMETER_NAME.test(name)) throw fileError(file, `line ${line.number} doesn't begin with a parameter's name`);
    if (parameters.has(name)) throw fileError(file, `line ${line.number} names ${name} once more`);
    if (help.length > HELP_LENGTH) throw fileError(file, `line ${line.number} describes ${name} in more than ${HELP_LENGTH} characters`);
    parameters.set(name, help);
    if (parameters.size > PARAMETER_LIMITS.count) throw fileError(file, `has more than ${PARAMETER_LIMITS.count} parameters`);
  }
  return parameters;
}

function parseManifest(files: ReadonlyMap<string, DefinitionFile>): OsManifest {
  const own = parseOwnManifest(text(files, "slipway.json") ?? "{}");
  if ("problem" in own) throw fileError("slipway.json", own.problem);
  const listed = parseParameterList(lines(files, "parameters.list"));
  const declared = new Set(own.parameters.map(({ name }) => name));
  const fromList = [...listed]
    .filter(([name]) => !declared.has(name))
    .map(([name, help]) => ({ name, visibility: "public" as const, type: "string" as const, required: false, default: null, pattern: null, choices: [], help }));
  const parameters = own.parameters.map((parameter) => (parameter.help === "" ? { ...parameter, help: listed.get(parameter.name) ?? "" } : parameter)).concat(fromList);
  refuseSameVariable(parameters.map(({ name }) => name), listed);
  const scripts = (folder: string): string[] => SCRIPTS.filter((name) => ((files.get(folder + name)?.mode ?? 0) & 0o111) !== 0);
  const manifest = osManifestSchema.safeParse({ ...own, parameters, hostScripts: scripts(""), untrustedScripts: scripts(UNTRUSTED) });
  if (!manifest.success) throw fileError("parameters.list", `has more than ${PARAMETER_LIMITS.count} parameters, together with those of slipway.json`);
  if (manifest.data.hostScripts.length + manifest.data.untrustedScripts.length === 0) {
    throw fileError("create", "there is no executable script, neither here nor in untrusted/");
  }
  return manifest.data;
}

/** `OSP_<NAME>` in the script's environment has the name in capitals: of two names that differ in case alone one would be lost. */
function refuseSameVariable(names: readonly string[], listed: ReadonlyMap<string, string>): void {
  const variables = new Map<string, string>();
  for (const name of names) {
    const other = variables.get(name.toUpperCase());
    if (other !== undefined) throw fileError(listed.has(name) ? "parameters.list" : "slipway.json", `has the parameters ${other} and ${name}, which would be one variable`);
    variables.set(name.toUpperCase(), name);
  }
}
