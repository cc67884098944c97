import { describe, expect, it } from "vitest";
import { countLines, diffLines, shareLines } from "./diff-lines.ts";

const hunk = { oldStart: 3, oldLines: 3, newStart: 3, newLines: 3, lines: [" same", "-old\u200b", "+new", " end", "\\ No newline at end of file"] };

describe("a hunk of a diff", () => {
  it("has the numbers that its lines have in both files", () => {
    expect(diffLines(hunk)).toEqual([
      { before: 3, after: 3, change: "same", text: "same" },
      { before: 4, after: null, change: "removed", text: "old⟨U+200B⟩" },
      { before: null, after: 4, change: "added", text: "new" },
      { before: 5, after: 5, change: "same", text: "end" },
    ]);
  });

  it("is counted by what came and what went", () => expect(countLines([hunk, hunk])).toEqual({ added: 2, removed: 2 }));

  it("is cut where a page would become too long", () => expect(shareLines([10, 50, 10], 40)).toEqual([10, 30, 0]));
});
