import { describe, expect, test } from "vitest";
import { safeNextPath } from "./page-context.ts";

describe("the way back after signing in", () => {
  test("is a path of this console", () => {
    expect(safeNextPath("/instances/web-3?tab=log")).toBe("/instances/web-3?tab=log");
  });

  test.each([["//evil.test/"], ["/\\evil.test"], ["https://evil.test/"], ["javascript:alert(1)"], ["\t//evil.test"], ["/\t/evil.test"], ["instances"], [undefined], [["/a", "/b"]]])(
    "is the start for %j",
    (next) => {
      expect(safeNextPath(next)).toBe("/");
    },
  );
});
