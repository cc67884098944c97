import { describe, expect, it } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { makeCase, runCase } from "./target.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";

const SEED = 1;
const CASES = 300;

describe.each(TARGETS.map((target) => [target.name, target] as const))("whatever is read as %s", (_, target) => {
  it("is read or refused with a reason, in bounded time", async () => {
    const outcomes = new Set<string>();
    for (let index = 0; index < CASES; index += 1) {
      const result = await runCase(target, makeCase(target, SEED, index));
      if (!result.ok) throw new Error(`case ${index}: ${result.problem}`);
      outcomes.add(result.outcome);
    }
    // The cases reach what they are meant to reach: results, and many kinds of refusals.
    expect([...outcomes].some((outcome) => outcome.startsWith(target.name === "archive" ? "read" : "sent"))).toBe(true);
    expect(outcomes.size).toBeGreaterThan(20);
  }, 60_000);

  it("is the same for the same seed", () => {
    expect(makeCase(target, 7, 3).equals(makeCase(target, 7, 3))).toBe(true);
    expect(makeCase(target, 7, 3).equals(makeCase(target, 8, 3))).toBe(false);
  });
});

describe("a case", () => {
  const target = (run: () => Promise<string>): FuzzTarget => ({ name: "test", make: () => Buffer.alloc(0), run });

  it.each([
    ["an error of the language", () => Promise.reject(new TypeError("x is not a function")), false],
    ["an internal error", () => Promise.reject(new SlipwayError("internal", "failed")), false],
    ["a refusal", () => Promise.reject(new SlipwayError("invalid", "no")), true],
    ["a result", () => Promise.resolve("read"), true],
  ])("that ends in %s counts as it should", async (_, run, ok) => {
    expect((await runCase(target(run), Buffer.alloc(0))).ok).toBe(ok);
  });
});
