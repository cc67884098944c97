import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { parseJsonBody } from "./json.ts";
import { REQUEST_LIMITS } from "./limits.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusal(body: Uint8Array): { readonly message: string; readonly cause: unknown } {
  try {
    parseJsonBody(body);
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    expect(error.code).toBe("invalid");
    return { message: error.message, cause: error.cause };
  }
  throw new Error("it was accepted");
}

describe("the body of a request", () => {
  test("is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('"__proto__"'));
        expect(parseJsonBody(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([['{"a":1,"a":2}'], ['{"a":{"b":1,"b":2}}'], ['[{"\\u0061":1,"a":2}]'], ['{"a":"x\\":","a":1}']])("is refused with a key twice: %s", (text) => {
    expect(refusal(bytes(text)).message).toBe("The body has an object with the same key twice");
  });

  test("may have one key in two objects, and a colon in a text", () => {
    expect(parseJsonBody(bytes('[{"a":1},{"a":2},"a:b"]'))).toEqual([{ a: 1 }, { a: 2 }, "a:b"]);
  });

  test("is refused with a key that reaches for a prototype", () => {
    expect(refusal(bytes('{"__proto__":{"admin":true}}')).message).toBe("The body has a key that can't be used");
  });

  test.each([
    ["[".repeat(10_000) + "]".repeat(10_000)],
    ['{"a":'.repeat(10_000) + "1" + "}".repeat(10_000)],
    ["[".repeat(REQUEST_LIMITS.jsonDepth + 1) + "]".repeat(REQUEST_LIMITS.jsonDepth + 1)],
  ])("is refused when nested too deeply", (text) => {
    expect(refusal(bytes(text)).message).toBe("The body is nested too deeply");
  });

  test("may be nested up to the limit", () => {
    expect(() => parseJsonBody(bytes("[".repeat(REQUEST_LIMITS.jsonDepth) + "]".repeat(REQUEST_LIMITS.jsonDepth)))).not.toThrow();
  });

  test("is refused with too many parts", () => {
    expect(refusal(bytes(`[${"1,".repeat(REQUEST_LIMITS.jsonNodes + 1)}1]`)).message).toBe("The body has too many parts");
  });

  test.each([["NaN"], ["Infinity"], ['{"a":'], ["{'a':1}"], ["[1,]"], ["]"], ['"'], ['{"a" "b"}'], ["{1:2}"], ["\ufeff{}"], [":"], ['["a":1]']])(
    "is refused when it isn't JSON: %s",
    (text) => {
      expect(refusal(bytes(text)).message).toBe("The body is not valid JSON");
    },
  );

  test("is refused when it isn't UTF-8", () => {
    expect(refusal(new Uint8Array([0x22, 0xff, 0x22])).message).toBe("The body is not valid UTF-8");
  });

  test("is never quoted in what is said of it, since it may hold a password", () => {
    const { message, cause } = refusal(bytes('{"password":"hunter2-hunter2" oops'));
    expect(message).not.toContain("hunter2");
    expect(cause).toBeUndefined();
  });

  test("gives either its value or a refusal, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        try {
          parseJsonBody(body);
        } catch (error) {
          expect(isSlipwayError(error)).toBe(true);
        }
      }),
    );
  });
});
