import { describe, expect, test } from "vitest";
import { parseTtl, Tokens } from "./tokens.ts";

describe("session tokens", () => {
  test("are good until their end", () => {
    const tokens = new Tokens();
    const token = tokens.issue(60, 1_000);
    expect(token).toHaveLength(56);
    expect(tokens.isValid(token, 60_999)).toBe(true);
    expect(tokens.isValid(token, 61_000)).toBe(false);
    expect(tokens.isValid(`${token.slice(0, -1)}!`, 1_000)).toBe(false);
    expect(tokens.isValid("", 1_000)).toBe(false);
  });

  test("are bounded in number: the oldest go", () => {
    const tokens = new Tokens();
    const [first = "", ...rest] = Array.from({ length: 10_000 }, () => tokens.issue(21_600, 0));
    expect(tokens.size).toBe(256);
    expect(tokens.isValid(first, 0)).toBe(false);
    expect(tokens.isValid(rest.at(-1) ?? "", 0)).toBe(true);
  });

  test("live from a second to six hours", () => {
    expect(["1", "21600"].map(parseTtl)).toEqual([1, 21_600]);
    for (const wrong of [undefined, "", "0", "21601", "-1", "1.5", "1e3", " 5", "999999999999"]) expect(parseTtl(wrong)).toBeNull();
  });
});
