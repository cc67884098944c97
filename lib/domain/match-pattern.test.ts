import { describe, expect, it } from "vitest";
import { patternMatcher } from "./match-pattern.ts";

const ENDLESS = "(a+)+b";
const MANY = "a".repeat(60);

describe("a pattern of a definition", () => {
  it("has to match the whole value", () => {
    const match = patternMatcher();
    expect(match("[a-z]{2}", "ab")).toBe("matches");
    expect(match("[a-z]{2}", "abc")).toBe("differs");
    expect(match("a|b", "ab")).toBe("differs");
  });

  it("is told from a value that differs where it would go on without end", () => {
    expect(patternMatcher()(ENDLESS, MANY)).toBe("too_slow");
  });

  it("has its share of the time of one request, and no more", () => {
    const match = patternMatcher();
    const { user, system } = process.threadCpuUsage();
    for (let count = 0; count < 50; count++) expect(match(ENDLESS, MANY)).toBe("too_slow");
    expect(match("a", "a")).toBe("too_slow");
    const after = process.threadCpuUsage();
    expect((after.user + after.system - user - system) / 1_000).toBeLessThan(1_000);
  });
});
