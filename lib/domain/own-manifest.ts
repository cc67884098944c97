/** slipway.json: what Ganeti's files of an OS definition can't say. Everything in it is optional. Pure, and strict. */
import { z } from "zod";
import { findJsonProblem } from "./check-json.ts";
import type { JsonProblem } from "./check-json.ts";
import { checkValue } from "./check-value.ts";
import { findJsonError } from "./find-json-error.ts";
import { locationProblem } from "./image-location.ts";
import { installationParameterProblem } from "./installation-parameters.ts";
import { isMask } from "./masks.ts";
import type { MatchPattern } from "./match-pattern.ts";
import { isPattern, patternMatcher } from "./match-pattern.ts";
import type { OsManifest } from "./os-definition.ts";
import { expectedStepSchema, osManifestSchema, parameterDeclarationSchema } from "./os-definition.ts";
import { PARAMETER_LIMITS } from "./parameters.ts";
import { describeIssue } from "./parse-input.ts";
import { hasUnseen } from "./unseen-text.ts";

const JSON_LIMITS = { depth: 16, nodes: 20_000 } as const;
const JSON_PROBLEMS: Readonly<Record<Exclude<JsonProblem, "syntax">, string>> = {
  depth: "is nested too deeply",
  nodes: "has too many parts",
  duplicate: "has an object with the same key twice",
  key: "has a key that can't be used",
};

const declaration = parameterDeclarationSchema.shape;
const manifest = osManifestSchema.shape;
const line = <S extends z.ZodString>(schema: S): S => schema.regex(/^[^\r\n\u2028\u2029]*$/, "must be a single line");

const ownManifestSchema = z.strictObject({
  title: line(z.string().max(120)).refine((title) => title === "" || title.trim() !== "", "must have something that can be seen").default(""),
  description: z.string().max(2_000).default(""),
  parameters: z
    .array(
      parameterDeclarationSchema.extend({
        visibility: declaration.visibility.default("public"),
        type: declaration.type.default("string"),
        required: declaration.required.default(false),
        default: declaration.default.default(null),
        pattern: declaration.pattern.default(null),
        choices: z.array(line(z.string().min(1).max(256))).max(64).default([]),
        help: declaration.help.default(""),
      }),
    )
    .max(PARAMETER_LIMITS.count)
    .default([]),
  steps: z
    .array(z.strictObject({ id: line(expectedStepSchema.shape.id), label: line(expectedStepSchema.shape.label), weight: expectedStepSchema.shape.weight.default(1) }))
    .max(64)
    .default([]),
  minimumDiskMib: manifest.minimumDiskMib.max(67_108_864).default(0),
  minimumMemoryMib: manifest.minimumMemoryMib.max(16_777_216).default(0),
  bootMarker: line(z.string().min(1).max(200)).nullable().default(null),
  appliance: manifest.appliance,
  imageUse: manifest.imageUse,
  carriedImage: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case") }).nullable().default(null),
  defaultImage: manifest.defaultImage,
  installParameters: manifest.installParameters,
});
type OwnManifest = Omit<z.output<typeof ownManifestSchema>, "carriedImage"> & Pick<OsManifest, "carriedImage">;

/** Text of slipway.json, read, or what is wrong with it as the end of a sentence. */
export function parseOwnManifest(text: string): OwnManifest | { readonly problem: string } {
  const structure = findJsonProblem(text, JSON_LIMITS);
  if (structure !== null) return { problem: structure === "syntax" ? syntaxProblem(text) : JSON_PROBLEMS[structure] };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: syntaxProblem(text) };
  }
  if (!hasOnlyText(json)) return { problem: "has a text with characters that can't be used" };
  const parsed = ownManifestSchema.safeParse(json);
  if (!parsed.success) {
    return { problem: describeFirst(parsed.error.issues[0]) };
  }
  const problem = findProblem(parsed.data);
  if (problem !== null) return { problem };
  const { carriedImage, ...others } = parsed.data;
  return { ...others, carriedImage: carriedImage?.sha256 ?? null };
}

function syntaxProblem(text: string): string {
  const place = findJsonError(text);
  return place === null ? "is not JSON" : `is not JSON: it can be read up to line ${place.line}, column ${place.column}`;
}

/** `parameters[2].visibility must be one of public, private, secret` */
function describeFirst(issue: z.core.$ZodIssue | undefined): string {
  const where = pathOf(issue?.path ?? []);
  if (issue?.code !== "unrecognized_keys") return `${where === "" ? "" : `${where} `}${describeIssue(issue)}`;
  const names = issue.keys.filter(isName).slice(0, MOST_NAMES).join(", ");
  const one = issue.keys.length === 1;
  return `${where === "" ? "" : `${where} `}has ${one ? "a member that isn't" : "members that aren't"} known${names === "" ? "" : `: ${names}`}`;
}

/** Of members that aren't known. */
const MOST_NAMES = 5;

/** Keys are the author's own words; one that isn't of a name's form isn't repeated. */
function isName(key: string): boolean {
  return /^[\w-]{1,64}$/.test(key);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((whole, part) => (typeof part === "number" ? `${whole}[${part}]` : `${whole}${whole === "" ? "" : "."}${isName(String(part)) ? String(part) : "…"}`), "");
}

function hasOnlyText(value: unknown): boolean {
  if (typeof value === "string") return isVisible(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, member]) => isVisible(key) && hasOnlyText(member));
}

/** Whoever trusts it sees all of it; lines may end as on Windows. */
function isVisible(text: string): boolean {
  return !hasUnseen(text.replaceAll("\r\n", "\n"));
}

/** What zod's shapes can't say. */
function findProblem(own: z.output<typeof ownManifestSchema>): string | null {
  const match = patternMatcher();
  const names = new Set<string>();
  for (const parameter of own.parameters) {
    const problem = names.has(parameter.name) ? "is declared twice" : checkDeclaration(parameter, match);
    if (problem !== null) return `parameter ${parameter.name} ${problem}`;
    names.add(parameter.name);
  }
  if (new Set(own.steps.map((step) => step.id)).size !== own.steps.length) return "names a step twice";
  const location = own.defaultImage === null ? null : locationProblem(own.defaultImage.location);
  if (location !== null) return `defaultImage.location ${location}`;
  for (const [name, value] of Object.entries(own.installParameters)) {
    const problem = installationParameterProblem(name, value);
    if (problem !== null) return `installParameters.${name} ${problem}`;
  }
  return null;
}

function checkDeclaration(parameter: OsManifest["parameters"][number], match: MatchPattern): string | null {
  if (parameter.type === "choice" && parameter.choices.length === 0) return "is a choice without choices";
  if (new Set(parameter.choices).size !== parameter.choices.length) return "names a choice twice";
  if (parameter.pattern !== null && !isPattern(parameter.pattern)) return "has a pattern that is not a regular expression";
  if (parameter.default === null) return null;
  if (parameter.visibility !== "public") return "has a default, which only a public parameter can have";
  if (Buffer.byteLength(parameter.default) > PARAMETER_LIMITS.valueBytes) return `has a default of more than ${PARAMETER_LIMITS.valueBytes} bytes`;
  if (isMask(parameter.default)) return "has a default that is a mask, not a value";
  return checkValue(parameter, "", parameter.default, match) === null ? null : "has a default that the declaration itself refuses";
}
