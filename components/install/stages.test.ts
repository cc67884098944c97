import { describe, expect, it } from "vitest";
import { shownStages } from "./stages.ts";

const stages = [
  { state: "preparing", at: "2026-11-20T05:00:00.000Z" },
  { state: "imaging", at: "2026-11-20T05:00:01.500Z" },
  { state: "starting", at: "2026-11-20T05:00:04.000Z" },
] as const;

describe("the stages of an install", () => {
  it("last until the next one, and the last one until the end", () => {
    expect(shownStages({ stages, endedAt: "2026-11-20T05:00:10.000Z" }).map(({ seconds }) => seconds)).toEqual([1.5, 2.5, 6]);
  });

  it("have one at hand while it runs", () => expect(shownStages({ stages, endedAt: null }).at(-1)).toEqual({ state: "starting", at: "2026-11-20T05:00:04.000Z", seconds: null }));
});
