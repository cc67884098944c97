import { expect, test } from "vitest";
import { isMask } from "./masks.ts";

test.each(["***", "••••••••", "xxxx", " <redacted> ", "(redacted)", "[REDACTED]", "redacted", "[FILTERED]", "[MASKED]", "<masked>", "<sensitive>", "(sensitive value)", "(sensitive)", "<hidden>", "(hidden)"])("%s stands where a value was", (text) => {
  expect(isMask(text)).toBe(true);
});

test.each(["", "**", "xx", "filtered", "[masked>", "a [MASKED] value", "hunter2"])("%j may be a value", (text) => {
  expect(isMask(text)).toBe(false);
});
