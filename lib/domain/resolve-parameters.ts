/**
 * Which parameters an install runs with, and where each comes from (design: visibility, "Consequences that are easy to
 * miss"; rapi, "keeps them; what is sent is merged, and what ran is what is stored").
 *
 * No problem that is found names a value.
 */
import { checkValue } from "./check-value.ts";
import type { ErrorCode } from "./errors.ts";
import { SlipwayError } from "./errors.ts";
import { isMask } from "./masks.ts";
import { patternMatcher } from "./match-pattern.ts";
import type { EffectiveParameter, StoredSources } from "./merge-parameters.ts";
import { mergeParameters } from "./merge-parameters.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterSource, ParameterValue, SentParameters } from "./parameters.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME, SHORTEST_SCRUBBED } from "./parameters.ts";
import type { Secret, Visibility } from "./visibility.ts";
import { strictness } from "./visibility.ts";

export type { DefaultParameter, EffectiveParameter, KeptParameter } from "./merge-parameters.ts";

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

export interface ResolutionRequest extends StoredSources {
  readonly sent: SentParameters;
  readonly operation: "create" | "reinstall";
}

/**
 * Puts what is sent over what is stored (merge-parameters.ts) and checks it all. Every problem is found, not only the first.
 */
export function resolveParameters(request: ResolutionRequest): Resolution {
  const problems: ParameterProblem[] = [];
  const declared = request.declarations === null ? null : new Map(request.declarations.map((each) => [each.name, each]));
  const sent = readSent(request.sent, problems);
  const stored = mergeParameters(request);
  const effective = new Map([...stored.found].filter(([name]) => !sent.has(name)));
  for (const [name, parameter] of sent) {
    const problem = declared === null ? null : checkClass(declared.get(name), name, parameter.visibility);
    if (problem === null) effective.set(name, { name, parameter, from: "request" });
    else problems.push(problem);
  }

  const toSend = [...stored.toSend.keys()].filter((name) => !sent.has(name));
  const missing = (request.declarations ?? []).filter(({ name, required }) => required && !effective.has(name) && !sent.has(name) && !toSend.includes(name));
  // At a reinstall every secret is one to send again; before the first install there is nothing that could be sent again.
  const again = request.operation === "reinstall" ? [...toSend, ...missing.filter(({ visibility }) => visibility === "secret").map(({ name }) => name)] : [];
  const first = [...toSend, ...missing.map(({ name }) => name)].filter((name) => !again.includes(name));
  if (first.length > 0) problems.push({ code: "missing_parameter", message: `OS parameters must be sent: ${first.toSorted().join(", ")}.`, names: first.toSorted() });
  if (again.length > 0) {
    problems.push({ code: "missing_secret", message: `Secret OS parameters are not kept and must be sent again: ${again.toSorted().join(", ")}.`, names: again.toSorted() });
  }

  const match = patternMatcher();
  for (const { name, parameter, from } of effective.values()) {
    const problem = checkValue(declared?.get(name), titleOf(name, from), contentOf(parameter), match);
    if (problem !== null) problems.push({ code: "invalid", message: problem, names: [name] });
  }
  checkTotals([...effective.values()], problems);

  const [firstProblem, ...others] = problems;
  if (firstProblem !== undefined) return { ok: false, problems: [firstProblem, ...others] };
  const parameters = [...effective.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tooShortToScrub = parameters.filter(({ parameter }) => parameter.visibility !== "public" && longestLine(contentOf(parameter)) < SHORTEST_SCRUBBED);
  return { ok: true, parameters, tooShortToScrub: tooShortToScrub.map(({ name }) => name) };
}

/** What is wrong with values that are stored: a request that sends another for those can still be carried out. */
export function storedProblems(sources: StoredSources): readonly ParameterProblem[] {
  const resolved = resolveParameters({ ...sources, sent: { public: {}, private: {}, secret: {} }, operation: "reinstall" });
  return resolved.ok ? [] : resolved.problems.filter(({ code }) => code === "invalid");
}

/** What is wrong with defaults that somebody sets for a definition, by what it declares now, without a single value. */
export function checkDefaults(declarations: readonly ParameterDeclaration[], set: ReadonlyMap<string, ParameterValue>): readonly ParameterProblem[] {
  const declared = new Map(declarations.map((each) => [each.name, each]));
  const match = patternMatcher();
  return [...set].flatMap(([name, parameter]): readonly ParameterProblem[] => {
    const declaration = declared.get(name);
    if (declaration?.visibility === "secret" || parameter.visibility === "secret") {
      return [{ code: "invalid", message: `OS parameter ${name} is secret, and secret parameters have no default.`, names: [name] }];
    }
    const problem = checkClass(declaration, name, parameter.visibility);
    if (problem !== null) return [problem];
    const message = checkValue(declaration, titleOf(name, "request"), contentOf(parameter), match);
    return message === null ? [] : [{ code: "invalid", message, names: [name] }];
  });
}

/** Whether the definition knows a parameter, and in this class. */
function checkClass(declaration: ParameterDeclaration | undefined, name: string, visibility: Visibility): ParameterProblem | null {
  if (declaration === undefined) return { code: "unknown_parameter", message: `OS parameter ${name} is not declared by the OS definition.`, names: [name] };
  if (strictness(visibility) >= strictness(declaration.visibility)) return null;
  return { code: "visibility_too_low", message: `OS parameter ${name} must be sent as ${declaration.visibility}.`, names: [name] };
}

/** A parameter in a sentence, with where its value stands if that isn't the request. */
function titleOf(name: string, from: ParameterSource): string {
  switch (from) {
    case "request":
    case "declared":
      return `OS parameter ${name}`;
    case "instance":
      return `OS parameter ${name}, kept from the last install,`;
    case "cluster":
    case "definition":
    case "variant":
      return `OS parameter ${name}, a default of the ${from},`;
  }
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

function contentOf(parameter: ParameterValue): string {
  return parameter.visibility === "public" ? parameter.value : parameter.value.open();
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

/** Characters of a value's longest line: a script may print each by itself. */
function longestLine(value: string): number {
  return Math.max(...value.split(/\r\n|[\r\n]/).map((line) => [...line].length));
}
