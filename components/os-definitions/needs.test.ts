import { expect, it } from "vitest";
import { needsText } from "./needs.ts";

it.each([
  [2_048, 512, "2 GiB disk, 512 MiB memory"],
  [2_048, 0, "2 GiB disk"],
  [0, 512, "512 MiB memory"],
  [0, 0, "nothing in particular"],
])("a definition that asks for %d MiB of disk and %d MiB of memory needs %s", (minimumDiskMib, minimumMemoryMib, text) => {
  expect(needsText({ minimumDiskMib, minimumMemoryMib })).toBe(text);
});
