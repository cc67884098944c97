import { structuredPatch } from "diff";
import type { DiffHunk, FileDiff, OsFileView } from "#lib/domain/os-definition-views.ts";
import { readText } from "./read-text.ts";

/** What one answer may cost. Past it a file is listed without its lines. */
export const DIFF_LIMITS = {
  /** Bytes of all lines together, as they are answered. */
  bytes: 2 * 1_048_576,
  /** Milliseconds of comparing, for one file and for all. */
  fileMs: 200,
  totalMs: 1_500,
  /** Lines that are different in one file. */
  edits: 10_000,
  /** Unchanged lines around a change. */
  context: 3,
} as const;

/** Files that a version has, and how to get at the bytes of one; null where they aren't stored. */
export interface FileSide {
  readonly files: readonly OsFileView[];
  readonly content: (digest: string) => Uint8Array | null;
}

/**
 * What is different between two lists of files, by path. Unchanged ones are left out. Bounded in time, and others get their turn
 * between two files: who wrote them may be anybody.
 */
export async function diffFiles(from: FileSide, to: FileSide): Promise<FileDiff[]> {
  const budget = { bytes: DIFF_LIMITS.bytes, ms: DIFF_LIMITS.totalMs };
  const found: FileDiff[] = [];
  for (const change of changedFiles(from.files, to.files)) {
    found.push(change.change === "mode" ? { ...change, hunks: null, note: null } : compare(change, from, to, budget));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

export type FileChange = Pick<FileDiff, "path" | "change" | "before" | "after">;

/** Files that differ in content or mode, sorted by path. */
export function changedFiles(before: readonly OsFileView[], after: readonly OsFileView[]): FileChange[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const fresh = new Map(after.map((file) => [file.path, file]));
  const paths = [...new Set([...old.keys(), ...fresh.keys()])].toSorted();
  return paths.flatMap((path): FileChange[] => {
    const [was, is] = [old.get(path) ?? null, fresh.get(path) ?? null];
    if (was === null) return [{ path, change: "added", before: was, after: is }];
    if (is === null) return [{ path, change: "removed", before: was, after: is }];
    if (was.digest !== is.digest) return [{ path, change: "changed", before: was, after: is }];
    return was.mode === is.mode ? [] : [{ path, change: "mode", before: was, after: is }];
  });
}

function compare(change: FileChange, from: FileSide, to: FileSide, budget: { bytes: number; ms: number }): FileDiff {
  const before = textOf(change.before, from);
  const after = textOf(change.after, to);
  const note = before.note ?? after.note;
  if (before.text === null || after.text === null) return { ...change, hunks: null, note };
  const tooLarge: FileDiff = { ...change, hunks: null, note: "too large" };
  if (budget.ms <= 0 || budget.bytes <= 0) return tooLarge;
  const started = performance.now();
  const hunks = compareTexts(before.text, after.text, Math.min(DIFF_LIMITS.fileMs, budget.ms));
  budget.ms -= performance.now() - started;
  if (hunks === null) return tooLarge;
  const bytes = Buffer.byteLength(JSON.stringify(hunks));
  if (bytes > budget.bytes) return tooLarge;
  budget.bytes -= bytes;
  return { ...change, hunks, note: null };
}

function textOf(file: OsFileView | null, side: FileSide): ReturnType<typeof readText> {
  return file === null ? { text: "", note: null } : readText(file.size, side.content(file.digest));
}

/** Null where it would take too long or too many lines differ. */
function compareTexts(before: string, after: string, timeout: number): DiffHunk[] | null {
  const patch = structuredPatch("", "", before, after, undefined, undefined, { context: DIFF_LIMITS.context, timeout, maxEditLength: DIFF_LIMITS.edits });
  if (patch === undefined) return null;
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
    oldStart,
    oldLines,
    newStart,
    newLines,
    // What begins with a backslash is a remark on the line before it: that the file's last line has no end.
    lines: lines.filter((line) => !line.startsWith("\\")),
  }));
}
