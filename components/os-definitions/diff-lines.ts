import type { DiffHunk, VersionDiff } from "#lib/domain/os-definition-views.ts";
import { visibleText } from "./visible-text.ts";

/** A line of a diff as it is shown: numbers in both files, what became of it, its text with nothing hidden in it. */
export interface DiffLine {
  readonly before: number | null;
  readonly after: number | null;
  readonly change: "same" | "added" | "removed";
  readonly text: string;
}

/** Lines of a hunk with their numbers. `\ No newline at end of file` belongs to no line and is left out. */
export function diffLines({ oldStart, newStart, lines }: DiffHunk): readonly DiffLine[] {
  let before = oldStart;
  let after = newStart;
  return lines.flatMap((line): DiffLine[] => {
    const text = visibleText(line.slice(1)).text;
    switch (line.charAt(0)) {
      case "+":
        return [{ before: null, after: after++, change: "added", text }];
      case "-":
        return [{ before: before++, after: null, change: "removed", text }];
      case "\\":
        return [];
      default:
        return [{ before: before++, after: after++, change: "same", text }];
    }
  });
}

/** How many lines came and went in a file. */
export function countLines(hunks: readonly DiffHunk[]): { readonly added: number; readonly removed: number } {
  const lines = hunks.flatMap((hunk) => hunk.lines);
  return { added: lines.filter((line) => line.startsWith("+")).length, removed: lines.filter((line) => line.startsWith("-")).length };
}

/** How many characters of a diff are written out, since they can't be seen. */
export function unseenIn(diff: VersionDiff): number {
  return diff.files.flatMap(({ hunks }) => hunks ?? []).reduce((sum, { lines }) => sum + visibleText(lines.map((line) => line.slice(1)).join("\n")).written, 0);
}

/** Whether there is anything to show of a diff. */
export function isEmptyDiff({ files, parameters, variants, manifest }: VersionDiff): boolean {
  return files.length + parameters.length + variants.added.length + variants.removed.length + manifest.length === 0;
}

export const MOST_LINES = 4_000;

/**
 * How many lines of each file are shown, so that a diff of everything is still a page that opens: files in their order get what
 * they need until there is no more.
 */
export function shareLines(needs: readonly number[], most = MOST_LINES): readonly number[] {
  let left = most;
  return needs.map((need) => {
    const given = Math.min(need, left);
    left -= given;
    return given;
  });
}
