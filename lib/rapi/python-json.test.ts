import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { secretValue } from "#lib/domain/visibility.ts";
import { dumpJson } from "./python-json.ts";

describe("JSON as Python writes it", () => {
  test("has a space after commas and colons, and ASCII alone", () => {
    expect(dumpJson({ a: [1, null, true], "é": "😀\u007f" })).toBe('{"a": [1, null, true], "\\u00e9": "\\ud83d\\ude00\u007f"}');
  });

  test("reads as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(dumpJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("keeps a sealed value sealed", () => {
    expect(dumpJson({ a: secretValue("hunter2") })).toBe('{"a": "<redacted>"}');
  });
});
