import { describe, expect, test } from "vitest";
import { createAttemptLimits } from "./attempt-limits.ts";

describe("tries to sign in", () => {
  test("run out for a pair of name and address, and come back with time", () => {
    let now = 0;
    const limits = createAttemptLimits(() => now);
    const made = Array.from({ length: 12 }, () => limits.begin("ada", "192.0.2.1"));
    expect(made.filter(Boolean)).toHaveLength(10);
    now += 6_000;
    expect(limits.begin("ada", "192.0.2.1")).toBe(true);
    expect(limits.begin("ada", "192.0.2.1")).toBe(false);
  });

  test("of somebody else, or from elsewhere, are not touched", () => {
    const limits = createAttemptLimits(() => 0);
    for (let n = 0; n < 20; n++) limits.begin("ada", "192.0.2.1");
    expect(limits.begin("ada", "192.0.2.2")).toBe(true);
    expect(limits.begin("bob", "192.0.2.1")).toBe(true);
  });

  test("are all back after one that worked", () => {
    const limits = createAttemptLimits(() => 0);
    for (let n = 0; n < 9; n++) limits.begin("ada", null);
    limits.succeeded("ada", null);
    expect(Array.from({ length: 10 }, () => limits.begin("ada", null))).not.toContain(false);
  });
});
