import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParameterDeclaration } from "./os-definition.ts";
import type { SentParameters } from "./parameters.ts";
import type { KeptParameter, Resolution, ResolutionRequest } from "./resolve-parameters.ts";
import { parameterError, resolveParameters } from "./resolve-parameters.ts";
import { privateValue, secretValue, strictness, VISIBILITIES } from "./visibility.ts";
import type { Visibility } from "./visibility.ts";

function declare(name: string, change: Partial<ParameterDeclaration> = {}): ParameterDeclaration {
  return { name, visibility: "public", type: "string", required: false, default: null, pattern: null, choices: [], help: "", ...change };
}

function send(name: string, visibility: Visibility, value: string): SentParameters {
  return {
    public: visibility === "public" ? { [name]: value } : {},
    private: visibility === "private" ? { [name]: privateValue(value) } : {},
    secret: visibility === "secret" ? { [name]: secretValue(value) } : {},
  };
}

function keep(name: string, visibility: Visibility, value: string): KeptParameter {
  switch (visibility) {
    case "public":
      return { name, visibility, value };
    case "private":
      return { name, visibility, value: privateValue(value) };
    case "secret":
      return { name, visibility };
  }
}

const nothing: SentParameters = { public: {}, private: {}, secret: {} };
const resolve = (change: Partial<ResolutionRequest>): Resolution => resolveParameters({ declarations: null, kept: [], defaults: [], sent: nothing, operation: "reinstall", ...change });

/** As a table: name, class, content, source. */
function table(resolution: Resolution): unknown {
  if (!resolution.ok) return resolution.problems.map(({ code, names }) => [code, ...names]);
  return resolution.parameters.map(({ name, parameter, from }) => [name, parameter.visibility, parameter.visibility === "public" ? parameter.value : parameter.value.open(), from]);
}

const value = fc.string({ minLength: 6, maxLength: 20, unit: "grapheme-ascii" }).filter((text) => !/^(.)\1*$/.test(text));
const visibility = fc.constantFrom(...VISIBILITIES);

describe("a value that is sent", () => {
  it("is refused below its floor, and is kept in its own class otherwise", () => {
    fc.assert(
      fc.property(visibility, visibility, value, (floor, sentAs, content) => {
        const resolution = resolve({ declarations: [declare("p", { visibility: floor })], sent: send("p", sentAs, content) });
        if (strictness(sentAs) < strictness(floor)) expect(table(resolution)).toEqual([["visibility_too_low", "p"]]);
        else expect(table(resolution)).toEqual([["p", sentAs, content, "request"]]);
      }),
    );
  });

  it("wins over what is kept and over the default, in whatever class that was", () => {
    fc.assert(
      fc.property(visibility, value, value, (keptAs, old, content) => {
        const resolution = resolve({ declarations: [declare("p", { default: "d" })], kept: [keep("p", keptAs, old)], sent: send("p", "public", content) });
        expect(table(resolution)).toEqual([["p", "public", content, "request"]]);
      }),
    );
  });

  it("keeps its class where there is no definition", () => {
    fc.assert(
      fc.property(visibility, value, (sentAs, content) => {
        expect(table(resolve({ sent: send("p", sentAs, content) }))).toEqual([["p", sentAs, content, "request"]]);
      }),
    );
  });

  it("is never repeated in what is wrong with it", () => {
    const canary = fc.string({ minLength: 12, maxLength: 30, unit: fc.constantFrom("Q", "W", "Z", "X", "J", "K") });
    const declarations = [declare("low", { visibility: "secret" }), declare("number", { type: "integer" }), declare("form", { pattern: "[0-9]+" }), declare("one", { type: "choice", choices: ["a", "b"] })];
    fc.assert(
      fc.property(canary, fc.constantFrom("low", "number", "form", "one", "unknown"), fc.constantFrom("public" as const, "private" as const), (content, name, sentAs) => {
        const resolution = resolve({ declarations, sent: send(name, sentAs, content) });
        expect(resolution.ok).toBe(false);
        if (resolution.ok) return;
        const error = parameterError(resolution.problems);
        expect(JSON.stringify([resolution, error.message, error.field, error.names])).not.toContain(content);
        expect(error.field).toBe(`osparams.${name}`);
      }),
    );
  });
});

describe("a value that is kept", () => {
  it("is used again in the stricter of its class and its floor, and asked for again where that is secret", () => {
    fc.assert(
      fc.property(visibility, visibility, value, (keptAs, floor, content) => {
        const resolution = resolve({ declarations: [declare("p", { visibility: floor })], kept: [keep("p", keptAs, content)] });
        const strictest = strictness(keptAs) >= strictness(floor) ? keptAs : floor;
        expect(table(resolution)).toEqual(strictest === "secret" ? [["missing_secret", "p"]] : [["p", strictest, content, "instance"]]);
      }),
    );
  });

  it("goes where the definition doesn't know it", () => {
    expect(table(resolve({ declarations: [], kept: [keep("old", "secret", ""), keep("older", "private", "x")] }))).toEqual([]);
  });
});

describe("what is missing", () => {
  it("is named all at once, secrets apart from the others", () => {
    const declarations = [declare("a", { required: true }), declare("b", { required: true, visibility: "secret" }), declare("c"), declare("d", { required: true, visibility: "private" })];
    expect(table(resolve({ declarations, kept: [keep("c", "secret", "")] }))).toEqual([["missing_parameter", "a", "d"], ["missing_secret", "b", "c"]]);
    expect(table(resolve({ declarations, operation: "create" }))).toEqual([["missing_parameter", "a", "b", "d"]]);
  });

  it("is what a default is for", () => {
    expect(table(resolve({ declarations: [declare("p", { required: true, default: "d" })] }))).toEqual([["p", "public", "d", "declared"]]);
  });

  it("isn't missing because it was sent in too low a class", () => {
    expect(table(resolve({ declarations: [declare("p", { required: true, visibility: "secret" })], sent: send("p", "public", "x") }))).toEqual([["visibility_too_low", "p"]]);
  });
});

describe("values that can't be", () => {
  it.each([
    ["a mask", declare("p"), "private", "********"],
    ["our own mask", declare("p"), "secret", "<redacted>"],
    ["not a boolean", declare("p", { type: "boolean" }), "public", "maybe"],
    ["not a number", declare("p", { type: "integer" }), "public", "1.5"],
    ["not a choice", declare("p", { type: "choice", choices: ["a"] }), "public", "b"],
    ["only partly the pattern", declare("p", { pattern: "a|b" }), "public", "ab"],
    ["two lines in a password", declare("p", { type: "password" }), "secret", "abc\ndef"],
    ["empty where required", declare("p", { required: true }), "public", ""],
    ["a NUL", declare("p", { type: "text" }), "public", "a\0b"],
  ] as const)("%s is refused", (_, declaration, sentAs, content) => {
    expect(table(resolve({ declarations: [declaration], sent: send("p", sentAs, content) }))).toEqual([["invalid", "p"]]);
  });

  it.each([["true", "boolean"], ["no", "boolean"], ["-12", "integer"], ["two\nlines", "text"], ["********", "string"]] as const)("%j is taken as %s", (content, type) => {
    expect(table(resolve({ declarations: [declare("p", { type })], sent: send("p", "public", content) }))).toEqual([["p", "public", content, "request"]]);
  });

  it("don't hold the process up, however a pattern backtracks", () => {
    const resolution = resolve({ declarations: [declare("p", { pattern: "(a+)+" })], sent: send("p", "public", `${"a".repeat(60)}b`) });
    expect(table(resolution)).toEqual([["invalid", "p"]]);
  });

  it("are one name in two classes", () => {
    expect(table(resolve({ sent: { public: { p: "1" }, private: { p: privateValue("2") }, secret: {} } }))).toEqual([["invalid", "p"]]);
  });

  it("are too many, or too much", () => {
    const names = (count: number, content: string): SentParameters => ({ ...nothing, public: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, content])) });
    expect(resolve({ sent: names(256, "x") }).ok).toBe(true);
    expect(table(resolve({ sent: names(257, "x") }))).toEqual([["too_large"]]);
    expect(table(resolve({ sent: names(1, "é".repeat(32_769)) }))).toEqual([["too_large", "p0"]]);
    expect(table(resolve({ sent: names(17, "x".repeat(65_536)) }))).toEqual([["too_large"]]);
  });

  it("with a name that isn't one are refused without repeating it", () => {
    const resolution = resolve({ sent: { ...nothing, public: { "hunter2 is my password": "x" } } });
    expect(JSON.stringify(resolution)).not.toContain("hunter2");
    expect(resolution.ok).toBe(false);
  });
});

it("values too short to be found in a log again are named", () => {
  const resolution = resolve({ sent: { public: { a: "x" }, private: { b: privateValue("12345") }, secret: { c: secretValue("123456"), d: secretValue("ab\ncde\nfghij") } } });
  expect(resolution.ok && resolution.tooShortToScrub).toEqual(["b", "d"]);
});
