import { expect, it } from "vitest";
import { remainingText } from "./remaining.ts";

it.each([
  ["nothing is known of before", null, 3, null],
  ["hasn't begun", 10, null, null],
  ["has begun", 10, 0, "about 10 s left"],
  ["is nearly done", 10, 8.9, "about 1 s left"],
  ["has used up what was expected, whatever its step is at", 10, 9.5, null],
  ["is a little beyond it", 10, 12, null],
  ["is far beyond it", 10, 13, "longer than usual (10 s)"],
])("of an install that %s it is said what is true of the time left", (_, expected, elapsed, text) => {
  expect(remainingText(expected, elapsed)).toBe(text);
});
