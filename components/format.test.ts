import { describe, expect, it } from "vitest";
import { formatAgo, formatClock, formatCount, formatDuration, formatElapsed, formatExact, formatMib, formatPercent, shortDigest } from "./format.ts";

describe("how quantities are written", () => {
  it("groups thousands", () => expect([0, 999, 1204, 100_000, 1_234_567].map(formatCount)).toEqual(["0", "999", "1,204", "100,000", "1,234,567"]));

  it("gives short times a tenth, and long ones two units", () => {
    expect([0.06, 1.64, 9.96, 59.6, 125, 3780, 86_400 * 7].map(formatDuration)).toEqual(["0.1 s", "1.6 s", "10 s", "1 min", "2 min 5 s", "1 h 3 min", "7 days"]);
  });

  it("lets a clock that ticks show whole seconds only", () => expect([0.4, 9.9, 61.7].map(formatElapsed)).toEqual(["0 s", "9 s", "1 min 1 s"]));

  it("writes sizes in powers of two", () => expect([512, 1024, 1536, 20_480, 1_900_000].map(formatMib)).toEqual(["512 MiB", "1 GiB", "1.5 GiB", "20 GiB", "1.8 TiB"]));

  it("never rounds a percent up to the end", () => expect([0, 61.9, 99.99, 100, 120].map(formatPercent)).toEqual(["0 %", "61 %", "99 %", "100 %", "100 %"]));

  it("tells what was from what will be", () => {
    const now = Date.parse("2026-11-20T05:04:01Z");
    expect([1, 21, 300, 7200, 864_000, -300].map((seconds) => formatAgo(now - seconds * 1000, now))).toEqual(["now", "21 s ago", "5 min ago", "2 h ago", "10 days ago", "in 5 min"]);
  });

  it("names the time zone where it gives the date, and keeps milliseconds in a log", () => {
    expect(formatExact("2026-11-20T05:04:01.220Z")).toBe("2026-11-20 05:04:01 UTC");
    expect(formatClock("2026-11-20T05:04:01.220Z")).toBe("05:04:01.220");
  });

  it("shortens a digest at its middle", () => expect(shortDigest(`91ac03e2${"0".repeat(52)}f2d4`)).toBe("91ac03e2…f2d4"));
});
