import { describe, expect, test } from "vitest";
import { compared, formatTable, median, reported } from "./figures.ts";

describe("a figure", () => {
  test("is met up to the ratio that is aimed at, and missed above", () => {
    expect(compared("boot", 150, "ms", 100, 1.5)).toMatchObject({ ratio: 1.5, met: true });
    expect(compared("boot", 151, "ms", 100, 1.5)).toMatchObject({ ratio: 1.51, met: false });
  });

  test("that beats its own bare limit shows nothing", () => {
    const figure = compared("boot", 90, "ms", 100, 1.5);
    expect(figure.met).toBeNull();
    expect(figure.aim).toContain("void");
  });

  test("with a time as its aim is reported, neither met nor missed", () => {
    expect(reported("queue", 195, "ms", "under 50 ms").met).toBeNull();
  });

  test("takes the middle of its rounds", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(() => median([])).toThrow("nothing was measured");
  });

  test("stands in a table with its columns aligned", () => {
    const table = formatTable({ bench: "install", figures: [compared("boot", 150, "ms", 100, 1.5), reported("queue", 4, "ms")] });
    expect(table.split("\n")).toEqual(["install  value      anchor  ratio  aim", "boot       150  ms     100   1.50  at most 1.5 times the anchor  met", "queue        4  ms"]);
  });
});
