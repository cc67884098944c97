import { structuredPatch } from "diff";
import { describe, expect, test } from "vitest";
import { trimCommon } from "./trim-common.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`);
const hunksOf = (before: string, after: string) => structuredPatch("", "", before, after, undefined, undefined, { context: 3 }).hunks;

describe("what two texts have in common at both ends", () => {
  test("is cut off but for the lines beside the change", () => {
    const before = numbers(1_000);
    const after = before.with(500, "another\n");
    expect(trimCommon(before.join(""), after.join(""), 3)).toEqual({ before: before.slice(497, 504).join(""), after: after.slice(497, 504).join(""), skipped: 497 });
  });

  test("leaves nothing else of the difference, wherever the change is", () => {
    const lines = numbers(30);
    const texts = [lines, lines.slice(1), lines.slice(0, -1), lines.with(0, "first\n"), lines.with(29, "last\n"), lines.with(29, "no end"), lines.with(4, ""), lines.with(2, "line 2\nline 2\n"), lines.with(15, "\n"), [], ["\n", ...lines], [...lines, "\n"], [...lines, ...lines]];
    for (const one of texts) {
      for (const other of texts) {
        const [before, after] = [one.join(""), other.join("")];
        const trimmed = trimCommon(before, after, 3);
        const moved = hunksOf(trimmed.before, trimmed.after).map((hunk) => ({ ...hunk, oldStart: hunk.oldStart + trimmed.skipped, newStart: hunk.newStart + trimmed.skipped }));
        expect(apply(before, moved), JSON.stringify([before, after])).toBe(after);
      }
    }
  });
});

/** What comes of a text by its hunks; a line that a hunk has and the text hasn't in its place fails the test. */
function apply(text: string, hunks: ReturnType<typeof hunksOf>): string {
  const lines = text.split(/(?<=\n)/);
  let at = 0;
  let result = "";
  for (const hunk of hunks) {
    const start = hunk.oldStart - 1 + (hunk.oldLines === 0 ? 1 : 0);
    result += lines.slice(at, start).join("");
    at = start;
    for (const [index, line] of hunk.lines.entries()) {
      const end = hunk.lines[index + 1]?.startsWith("\\") === true ? "" : "\n";
      if (line.startsWith("\\")) continue;
      if (!line.startsWith("+")) {
        expect(lines[at]).toBe(line.slice(1) + end);
        at += 1;
      }
      if (!line.startsWith("-")) result += line.slice(1) + end;
    }
  }
  return result + lines.slice(at).join("");
}
