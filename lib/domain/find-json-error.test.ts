import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonError } from "./find-json-error.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("where a text stops being JSON", () => {
  test.each([
    ["", 1, 1],
    ["{", 1, 2],
    ['{\n  "title": "Mine",\n}', 3, 1],
    ['{\n  "title": "Mine"\n  "steps": []\n}', 3, 3],
    ["{'title': 1}", 1, 2],
    ['{"a": tru}', 1, 7],
    ['{"a": 01}', 1, 8],
    ['["a\nb"]', 1, 4],
    ['["\\x"]', 1, 3],
    ["[1]]", 1, 4],
    ["[}", 1, 2],
    ['{"a" 1}', 1, 6],
  ])("is known of %j", (text, line, column) => {
    expect(isJson(text)).toBe(false);
    expect(findJsonError(text)).toEqual({ line, column });
  });

  test("is nowhere in JSON, and somewhere in what JSON.parse refuses", () => {
    fc.assert(fc.property(fc.json(), (text) => findJsonError(text) === null));
    const pieces = fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"\\u00e9"', '"', "\\", "1", "-0.5e+3", "01", "-", "true", "nul", " ", "\n", "\u00a0", "\t");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }).map((list) => list.join("")), (text) => (findJsonError(text) === null) === isJson(text)),
      { numRuns: 20_000 },
    );
  });

  test("is found in a text that is very deep, or one string", () => {
    expect(findJsonError("[".repeat(500_000))).toEqual({ line: 1, column: 500_001 });
    expect(findJsonError(`"${"\\n".repeat(500_000)}`)).toEqual({ line: 1, column: 1_000_002 });
  });
});
