import { expect, test } from "vitest";
import { stopGrace } from "./stop-system.ts";

test.each([
  ["export", 60],
  ["rename", 60],
  ["reinstall", 10],
] as const)("a system is given time to shut down where its own disk is read: %s, %d seconds", (operation, seconds) => {
  expect(stopGrace(operation)).toBe(seconds);
});
