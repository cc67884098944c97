/**
 * Which parameters an install runs with, and where each comes from (design: visibility, "Consequences that are easy to
 * miss"; rapi, "keeps them; what is sent is merged, and what ran is what is stored").
 *
 * No problem that is found names a value.
 */
import type { ErrorCode } from "./errors.ts";
import { SlipwayError } from "./errors.ts";
import { isMask } from "./masks.ts";
import { matchPattern } from "./match-pattern.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterSource, ParameterValue, SentParameters } from "./parameters.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME, SHORTEST_SCRUBBED } from "./parameters.ts";
import type { Private, Secret, Visibility } from "./visibility.ts";
import { privateValue, strictness, stricter } from "./visibility.ts";

/** What an instance has from its last install. Of a secret there is the name only. */
export type KeptParameter =
  | { readonly name: string; readonly visibility: "public"; readonly value: string }
  | { readonly name: string; readonly visibility: "private"; readonly value: Private<string> }
  | { readonly name: string; readonly visibility: "secret" };

export interface EffectiveParameter {
  readonly name: string;
  readonly parameter: ParameterValue;
  readonly from: ParameterSource;
}

export interface ParameterProblem {
  readonly code: Extract<ErrorCode, "invalid" | "unknown_parameter" | "visibility_too_low" | "missing_parameter" | "missing_secret" | "too_large">;
  readonly message: string;
  readonly names: readonly string[];
}

export type Resolution =
  | {
      readonly ok: true;
      /** By name, in order. */
      readonly parameters: readonly EffectiveParameter[];
      /** Private and secret ones too short to be found in a log again. */
      readonly tooShortToScrub: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly [ParameterProblem, ...ParameterProblem[]] };

export interface ResolutionRequest {
  /** What the definition declares; null where there is no definition, or one without a list. */
  readonly declarations: readonly ParameterDeclaration[] | null;
  readonly kept: readonly KeptParameter[];
  readonly sent: SentParameters;
  readonly operation: "create" | "reinstall";
}

/** Merges defaults, what is kept and what is sent, and checks it all. Every problem is found, not only the first. */
export function resolveParameters(request: ResolutionRequest): Resolution {
  const problems: ParameterProblem[] = [];
  const declared = request.declarations === null ? null : new Map(request.declarations.map((each) => [each.name, each]));
  const floor = (name: string): Visibility => declared?.get(name)?.visibility ?? "public";

  const sent = readSent(request.sent, problems);
  const effective = new Map<string, EffectiveParameter>();
  for (const [name, parameter] of sent) {
    if (declared !== null && !declared.has(name)) {
      problems.push({ code: "unknown_parameter", message: `OS parameter ${name} is not declared by the OS definition.`, names: [name] });
    } else if (strictness(parameter.visibility) < strictness(floor(name))) {
      problems.push({ code: "visibility_too_low", message: `OS parameter ${name} must be sent as ${floor(name)}.`, names: [name] });
    } else {
      effective.set(name, { name, parameter, from: "request" });
    }
  }

  const secretsToSend: string[] = [];
  for (const kept of request.kept) {
    if (sent.has(kept.name) || (declared !== null && !declared.has(kept.name))) continue;
    const parameter = raiseKept(kept, floor(kept.name));
    if (parameter === null) secretsToSend.push(kept.name);
    else effective.set(kept.name, { name: kept.name, parameter, from: "instance" });
  }

  const missing: string[] = [];
  for (const declaration of request.declarations ?? []) {
    const { name } = declaration;
    if (effective.has(name) || sent.has(name) || secretsToSend.includes(name)) continue;
    if (declaration.default !== null && declaration.visibility === "public") {
      effective.set(name, { name, parameter: { visibility: "public", value: declaration.default }, from: "declared" });
    } else if (declaration.required) {
      if (declaration.visibility === "secret" && request.operation === "reinstall") secretsToSend.push(name);
      else missing.push(name);
    }
  }
  if (missing.length > 0) problems.push({ code: "missing_parameter", message: `OS parameters must be sent: ${missing.toSorted().join(", ")}.`, names: missing.toSorted() });
  if (secretsToSend.length > 0) {
    problems.push({
      code: "missing_secret",
      message: `Secret OS parameters are not kept and must be sent again: ${secretsToSend.toSorted().join(", ")}.`,
      names: secretsToSend.toSorted(),
    });
  }

  for (const { name, parameter } of effective.values()) {
    const problem = checkValue(declared?.get(name), name, contentOf(parameter));
    if (problem !== null) problems.push({ code: "invalid", message: problem, names: [name] });
  }
  checkTotals([...effective.values()], problems);

  const [first, ...others] = problems;
  if (first !== undefined) return { ok: false, problems: [first, ...others] };
  const parameters = [...effective.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tooShortToScrub = parameters.filter(({ parameter }) => parameter.visibility !== "public" && [...contentOf(parameter)].length < SHORTEST_SCRUBBED);
  return { ok: true, parameters, tooShortToScrub: tooShortToScrub.map(({ name }) => name) };
}

/** The one error that tells all problems: the first one's code, every sentence, every name. */
export function parameterError(problems: readonly [ParameterProblem, ...ParameterProblem[]]): SlipwayError {
  const names = [...new Set(problems.flatMap((problem) => problem.names))];
  const [name, ...others] = problems[0].names;
  return new SlipwayError(problems[0].code, problems.map((problem) => problem.message).join(" "), {
    field: name !== undefined && others.length === 0 ? `osparams.${name}` : "osparams",
    names,
  });
}

/** The three maps as one, with names and masks checked. */
function readSent(sent: SentParameters, problems: ParameterProblem[]): Map<string, ParameterValue> {
  const all: [string, ParameterValue][] = [
    ...Object.entries(sent.public).map(([name, value]): [string, ParameterValue] => [name, { visibility: "public", value }]),
    ...Object.entries(sent.private).map(([name, value]): [string, ParameterValue] => [name, { visibility: "private", value }]),
    ...Object.entries(sent.secret).map(([name, value]): [string, ParameterValue] => [name, { visibility: "secret", value }]),
  ];
  const read = new Map<string, ParameterValue>();
  for (const [name, parameter] of all) {
    if (!PARAMETER_NAME.test(name)) {
      // A name that isn't one may be a value that got into the wrong place, so it isn't repeated.
      problems.push({ code: "invalid", message: "An OS parameter has a name that can't be used: letters, digits, - and _, a letter first, at most 64.", names: [] });
    } else if (read.has(name)) {
      problems.push({ code: "invalid", message: `OS parameter ${name} was sent in two classes.`, names: [name] });
    } else if (parameter.visibility !== "public" && isMask(contentOf(parameter))) {
      problems.push({ code: "invalid", message: `OS parameter ${name} is a mask, not a value; leave it out to keep what is stored.`, names: [name] });
      read.set(name, parameter);
    } else {
      read.set(name, parameter);
    }
  }
  return read;
}

/** A kept value in the class that its floor asks for now; null where it has to be sent again. */
function raiseKept(kept: KeptParameter, floor: Visibility): ParameterValue | null {
  if (kept.visibility === "secret") return null;
  switch (stricter(kept.visibility, floor)) {
    case "secret":
      return null;
    case "private":
      return { visibility: "private", value: kept.visibility === "private" ? kept.value : privateValue(kept.value) };
    case "public":
      // Not private: the stricter of the two classes would be.
      return kept.visibility === "public" ? { visibility: "public", value: kept.value } : null;
  }
}

function contentOf(parameter: ParameterValue): string {
  return parameter.visibility === "public" ? parameter.value : parameter.value.open();
}

/** What is wrong with a value, without saying it. */
function checkValue(declaration: ParameterDeclaration | undefined, name: string, value: string): string | null {
  if (value.includes("\0")) return `OS parameter ${name} must not hold a NUL character.`;
  if (declaration === undefined) return null;
  if (value === "" && declaration.required) return `OS parameter ${name} must not be empty.`;
  // An optional parameter that is sent empty is one that isn't there for the script.
  if (value === "") return null;
  switch (declaration.type) {
    case "boolean":
      if (!/^(true|false|yes|no)$/.test(value)) return `OS parameter ${name} must be true, false, yes or no.`;
      break;
    case "integer":
      if (!/^-?\d{1,15}$/.test(value)) return `OS parameter ${name} must be a whole number.`;
      break;
    case "choice":
      if (!declaration.choices.includes(value)) return `OS parameter ${name} must be one of ${declaration.choices.join(", ")}.`;
      break;
    case "string":
    case "password":
      if (/[\r\n]/.test(value)) return `OS parameter ${name} must be a single line.`;
      break;
    case "text":
      break;
  }
  if (declaration.pattern === null) return null;
  switch (matchPattern(declaration.pattern, value)) {
    case "matches":
      return null;
    case "differs":
      return `OS parameter ${name} must match ${declaration.pattern}.`;
    case "too_slow":
      return `OS parameter ${name} could not be checked against its definition's pattern in time.`;
  }
}

function checkTotals(effective: readonly EffectiveParameter[], problems: ParameterProblem[]): void {
  if (effective.length > PARAMETER_LIMITS.count) {
    problems.push({ code: "too_large", message: `There are more than ${PARAMETER_LIMITS.count} OS parameters.`, names: [] });
  }
  let total = 0;
  for (const { name, parameter } of effective) {
    const bytes = Buffer.byteLength(contentOf(parameter));
    total += bytes;
    if (bytes > PARAMETER_LIMITS.valueBytes) problems.push({ code: "too_large", message: `OS parameter ${name} has more than ${PARAMETER_LIMITS.valueBytes} bytes.`, names: [name] });
  }
  if (total > PARAMETER_LIMITS.totalBytes) problems.push({ code: "too_large", message: `OS parameters have more than ${PARAMETER_LIMITS.totalBytes} bytes together.`, names: [] });
}

/** An effective parameter to the set that an order carries. */
export function toParameterSet(parameters: readonly EffectiveParameter[]): ReadonlyMap<string, ParameterValue> {
  return new Map(parameters.map(({ name, parameter }) => [name, parameter]));
}

/** The secrets among them, for the vault. */
export function secretsOf(parameters: readonly EffectiveParameter[]): ReadonlyMap<string, Secret<string>> {
  const secrets = new Map<string, Secret<string>>();
  for (const { name, parameter } of parameters) if (parameter.visibility === "secret") secrets.set(name, parameter.value);
  return secrets;
}
