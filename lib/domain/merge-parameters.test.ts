import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DefaultParameter, DefaultSource, KeptParameter } from "./merge-parameters.ts";
import { DEFAULT_SOURCES, mergeParameters } from "./merge-parameters.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { ParameterSource, ParameterValue, SentParameters } from "./parameters.ts";
import { PARAMETER_SOURCES } from "./parameters.ts";
import { checkDefaults, parameterError, resolveParameters } from "./resolve-parameters.ts";
import type { Resolution } from "./resolve-parameters.ts";
import { privateValue, secretValue, strictness, stricter, VISIBILITIES } from "./visibility.ts";
import type { Visibility } from "./visibility.ts";

/** What each source says of the one parameter `p`. A value can't be part of any sentence of ours. */
interface Sources {
  readonly floor: Visibility;
  readonly required: boolean;
  readonly declared: string | null;
  readonly defaults: Readonly<Partial<Record<DefaultSource, { readonly visibility: "public" | "private"; readonly value: string }>>>;
  readonly instance: { readonly visibility: Visibility; readonly value: string } | null;
  readonly request: { readonly visibility: Visibility; readonly value: string } | null;
}

const value = fc.string({ minLength: 8, maxLength: 16, unit: fc.constantFrom("Q", "W", "Z", "X", "J", "K", "q", "z", "7") }).filter((text) => !/^(.)\1*$/.test(text));
const stored = fc.record({ visibility: fc.constantFrom("public" as const, "private" as const), value });
const any = fc.record({ visibility: fc.constantFrom(...VISIBILITIES), value });
const sources: fc.Arbitrary<Sources> = fc.record({
  floor: fc.constantFrom(...VISIBILITIES),
  required: fc.boolean(),
  declared: fc.option(value),
  defaults: fc.record({ cluster: stored, definition: stored, variant: stored }, { requiredKeys: [] }),
  instance: fc.option(any),
  request: fc.option(any),
});

function declaration({ floor, required, declared }: Sources): ParameterDeclaration {
  return { name: "p", visibility: floor, type: "string", required, default: declared, pattern: null, choices: [], help: "" };
}

function defaultsOf({ defaults }: Sources): DefaultParameter[] {
  return DEFAULT_SOURCES.flatMap((from): DefaultParameter[] => {
    const given = defaults[from];
    if (given === undefined) return [];
    return [given.visibility === "public" ? { name: "p", from, visibility: "public", value: given.value } : { name: "p", from, visibility: "private", value: privateValue(given.value) }];
  });
}

function keptOf({ instance }: Sources): KeptParameter[] {
  if (instance === null) return [];
  switch (instance.visibility) {
    case "public":
      return [{ name: "p", visibility: "public", value: instance.value }];
    case "private":
      return [{ name: "p", visibility: "private", value: privateValue(instance.value) }];
    case "secret":
      return [{ name: "p", visibility: "secret" }];
  }
}

function sentOf({ request }: Sources): SentParameters {
  return {
    public: request?.visibility === "public" ? { p: request.value } : {},
    private: request?.visibility === "private" ? { p: privateValue(request.value) } : {},
    secret: request?.visibility === "secret" ? { p: secretValue(request.value) } : {},
  };
}

function resolve(given: Sources, operation: "create" | "reinstall" = "reinstall"): Resolution {
  return resolveParameters({ declarations: [declaration(given)], kept: keptOf(given), defaults: defaultsOf(given), sent: sentOf(given), operation });
}

/** Class, content and source of `p`; null where it has none; the codes of what is wrong. */
function outcome(given: Sources): unknown {
  const resolution = resolve(given);
  if (!resolution.ok) return resolution.problems.map(({ code }) => code);
  const [found] = resolution.parameters;
  if (found === undefined) return null;
  return [found.parameter.visibility, found.parameter.visibility === "public" ? found.parameter.value : found.parameter.value.open(), found.from];
}

/** The strongest source that says anything, by the order of PARAMETER_SOURCES alone. */
function strongest(given: Sources): ParameterSource | undefined {
  const says: Readonly<Record<ParameterSource, boolean>> = {
    declared: given.declared !== null && given.floor === "public",
    cluster: given.defaults.cluster !== undefined,
    definition: given.defaults.definition !== undefined,
    variant: given.defaults.variant !== undefined,
    instance: given.instance !== null,
    request: given.request !== null,
  };
  return PARAMETER_SOURCES.findLast((source) => says[source]);
}

function without(given: Sources, source: ParameterSource): Sources {
  switch (source) {
    case "declared":
      return { ...given, declared: null };
    case "cluster":
    case "definition":
    case "variant":
      return { ...given, defaults: Object.fromEntries(Object.entries(given.defaults).filter(([from]) => from !== source)) };
    case "instance":
      return { ...given, instance: null };
    case "request":
      return { ...given, request: null };
  }
}

/** What a source alone would give in the class that its floor asks for: the rule, written down a second time. */
function expected(given: Sources): unknown {
  const from = strongest(given);
  const { floor } = given;
  const missing = given.required ? [floor === "secret" ? "missing_secret" : "missing_parameter"] : null;
  switch (from) {
    case undefined:
      return missing;
    case "declared":
      return ["public", given.declared, from];
    case "cluster":
      return floor === "secret" ? missing : [stricter(given.defaults.cluster?.visibility ?? "public", floor), given.defaults.cluster?.value, from];
    case "definition":
    case "variant":
      return floor === "secret" ? ["missing_secret"] : [stricter(given.defaults[from]?.visibility ?? "public", floor), given.defaults[from]?.value, from];
    case "instance":
      return stricter(given.instance?.visibility ?? "public", floor) === "secret" ? ["missing_secret"] : [stricter(given.instance?.visibility ?? "public", floor), given.instance?.value, from];
    case "request":
      return strictness(given.request?.visibility ?? "public") < strictness(floor) ? ["visibility_too_low"] : [given.request?.visibility, given.request?.value, from];
  }
}

describe("the value of a parameter", () => {
  it("is the strongest source's, in the stricter of its class and the floor", () => {
    fc.assert(
      fc.property(sources, (given) => {
        expect(outcome(given)).toEqual(expected(given));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is never in a class below its floor, whatever says it", () => {
    fc.assert(
      fc.property(sources, (given) => {
        const resolution = resolve(given);
        if (!resolution.ok) return;
        for (const { parameter } of resolution.parameters) expect(strictness(parameter.visibility)).toBeGreaterThanOrEqual(strictness(given.floor));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is the request's wherever there is one", () => {
    fc.assert(
      fc.property(sources, any, (given, request) => {
        fc.pre(strictness(request.visibility) >= strictness(given.floor));
        expect(outcome({ ...given, request })).toEqual([request.visibility, request.value, "request"]);
      }),
    );
  });

  it("falls back to the next source when the one that it comes from goes", () => {
    fc.assert(
      fc.property(sources, (given) => {
        const from = strongest(given);
        fc.pre(from !== undefined);
        const before = strongest(without(given, from));
        expect(PARAMETER_SOURCES.indexOf(before ?? "declared")).toBeLessThanOrEqual(PARAMETER_SOURCES.indexOf(from));
        expect(outcome(without(given, from))).toEqual(expected(without(given, from)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("doesn't change with a source weaker than the one that it comes from", () => {
    fc.assert(
      fc.property(sources, fc.constantFrom(...PARAMETER_SOURCES), (given, source) => {
        const from = strongest(given);
        fc.pre(from !== undefined && PARAMETER_SOURCES.indexOf(source) < PARAMETER_SOURCES.indexOf(from));
        expect(outcome(without(given, source))).toEqual(outcome(given));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is a default's only where the definition declares it", () => {
    fc.assert(
      fc.property(sources, (given) => {
        const nothing: SentParameters = { public: {}, private: {}, secret: {} };
        for (const declarations of [[], null]) {
          expect(mergeParameters({ declarations, kept: [], defaults: defaultsOf(given) })).toEqual({ found: new Map(), toSend: new Map() });
          expect(resolveParameters({ declarations, kept: [], defaults: defaultsOf(given), sent: nothing, operation: "create" })).toMatchObject({ ok: true, parameters: [] });
        }
      }),
    );
  });
});

describe("a sentence about what is wrong", () => {
  const shapes: readonly Partial<ParameterDeclaration>[] = [
    { type: "integer" },
    { type: "boolean" },
    { type: "choice", choices: ["a", "b"] },
    { pattern: "[0-9]+", help: "Digits only." },
    { required: true },
    { visibility: "secret" },
  ];

  it("holds no value of any source", () => {
    fc.assert(
      fc.property(sources, fc.constantFrom(...shapes), fc.constantFrom("create" as const, "reinstall" as const), (given, shape, operation) => {
        const declarations = [{ ...declaration(given), ...shape, default: null }];
        const resolution = resolveParameters({ declarations, kept: keptOf(given), defaults: defaultsOf(given), sent: sentOf(given), operation });
        const single = defaultsOf(given).map((each) => checkDefaults(declarations, new Map([["p", each]])));
        const error = resolution.ok ? null : parameterError(resolution.problems);
        const said = JSON.stringify([resolution.ok ? [] : resolution.problems, single, error?.message, error?.field, error?.names]);
        const values = [given.declared, given.instance?.value, given.request?.value, ...Object.values(given.defaults).map((each) => each.value)];
        for (const one of values) if (one !== null && one !== undefined) expect(said).not.toContain(one);
      }),
      { numRuns: 1_000 },
    );
  });

  it("says where a stored value that no longer fits stands", () => {
    const given: Sources = { floor: "public", required: false, declared: null, defaults: { variant: { visibility: "private", value: "letters" } }, instance: null, request: null };
    const resolution = resolveParameters({ declarations: [{ ...declaration(given), pattern: "[0-9]+", help: "Digits only." }], kept: [], defaults: defaultsOf(given), sent: sentOf(given), operation: "create" });
    expect(resolution).toMatchObject({ ok: false, problems: [{ code: "invalid", message: "OS parameter p, a default of the variant, must match [0-9]+ (Digits only)." }] });
  });
});

describe("a default that somebody sets", () => {
  it("is held to class, type and pattern, and is never a secret's", () => {
    const given: Sources = { floor: "private", required: false, declared: null, defaults: {}, instance: null, request: null };
    const declared = { ...declaration(given), pattern: "[0-9]+" };
    const check = (name: string, parameter: ParameterValue, floor = declared.visibility) => checkDefaults([{ ...declared, visibility: floor }], new Map([[name, parameter]]));
    expect(check("p", { visibility: "private", value: privateValue("123") })).toEqual([]);
    expect(check("p", { visibility: "public", value: "123" })).toMatchObject([{ code: "visibility_too_low", message: "OS parameter p must be sent as private." }]);
    expect(check("p", { visibility: "private", value: privateValue("abc") })).toMatchObject([{ code: "invalid" }]);
    expect(check("q", { visibility: "public", value: "123" })).toMatchObject([{ code: "unknown_parameter", names: ["q"] }]);
    expect(check("p", { visibility: "private", value: privateValue("123") }, "secret")).toMatchObject([
      { code: "invalid", message: "OS parameter p is secret, and secret parameters have no default." },
    ]);
  });
});
