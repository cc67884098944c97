import { structuredPatch } from "diff";
import type { DiffHunk, FileDiff, OsFileView } from "#lib/domain/os-definition-views.ts";
import { readText, TEXT_BYTES } from "./read-text.ts";
import { countLines, trimCommon } from "./trim-common.ts";

/** What one answer may cost. Past it a file is listed without its lines. */
export const DIFF_LIMITS = {
  /** Bytes of all lines together, as they are answered. */
  bytes: 1_048_576,
  /** Characters and lines that are compared: of all files and both sides together, without what is the same at both ends of a file. */
  text: 1_048_576,
  lines: 60_000,
  /** Milliseconds of comparing, for one file and for all. */
  fileMs: 50,
  totalMs: 500,
  /** Lines that are different in one file. */
  edits: 10_000,
  /** Unchanged lines around a change. */
  context: 3,
} as const;

/** Files that a version has, and how to get at the bytes of one; null where they aren't stored. */
export interface FileSide {
  readonly files: readonly OsFileView[];
  readonly content: (digest: string) => Promise<Uint8Array | null>;
}

interface Budget {
  bytes: number;
  text: number;
  lines: number;
  ms: number;
}

/**
 * What is different between two lists of files, by path. Unchanged ones are left out. Who wrote them may be anybody: it is bounded
 * in time and in what is compared, contents are in memory one file at a time, and others get their turn between two files.
 */
export async function diffFiles(from: FileSide, to: FileSide): Promise<FileDiff[]> {
  const budget: Budget = { bytes: DIFF_LIMITS.bytes, text: DIFF_LIMITS.text, lines: DIFF_LIMITS.lines, ms: DIFF_LIMITS.totalMs };
  const found: FileDiff[] = [];
  for (const change of changedFiles(from.files, to.files)) {
    found.push(change.change === "mode" ? { ...change, hunks: null, note: null } : await compare(change, from, to, budget));
    await othersTurn();
  }
  return found;
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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

async function compare(change: FileChange, from: FileSide, to: FileSide, budget: Budget): Promise<FileDiff> {
  const tooLarge: FileDiff = { ...change, hunks: null, note: "too large" };
  // Not even read: what is left of a spent budget is nothing.
  if (Object.values(budget).some((left) => left <= 0)) return tooLarge;
  const [old, fresh] = [await contentOf(change.before, from), await contentOf(change.after, to)];
  await othersTurn();
  const started = performance.now();
  const before = textOf(change.before, old);
  const after = textOf(change.after, fresh);
  if (before.text === null || after.text === null) return { ...change, hunks: null, note: before.note ?? after.note };
  const hunks = compareTexts(before.text, after.text, budget);
  budget.ms -= performance.now() - started;
  if (hunks === null) return tooLarge;
  const bytes = Buffer.byteLength(JSON.stringify(hunks));
  if (bytes > budget.bytes) return tooLarge;
  budget.bytes -= bytes;
  return { ...change, hunks, note: null };
}

/** What is too large to be shown stays where it is. */
async function contentOf(file: OsFileView | null, side: FileSide): Promise<Uint8Array | null> {
  return file === null || file.size > TEXT_BYTES ? null : side.content(file.digest);
}

function textOf(file: OsFileView | null, content: Uint8Array | null): ReturnType<typeof readText> {
  return file === null ? { text: "", note: null } : readText(file.size, content);
}

/** Null where it would take too long or too many lines differ. What it takes is taken off the budget, whatever comes of it. */
function compareTexts(whole: string, other: string, budget: Budget): DiffHunk[] | null {
  const { before, after, skipped } = trimCommon(whole, other, DIFF_LIMITS.context);
  const text = before.length + after.length;
  if (text > budget.text) return null;
  const lines = countLines(before) + countLines(after);
  if (lines > budget.lines) return null;
  budget.text -= text;
  budget.lines -= lines;
  const timeout = Math.max(1, Math.min(DIFF_LIMITS.fileMs, budget.ms));
  const patch = structuredPatch("", "", before, after, undefined, undefined, { context: DIFF_LIMITS.context, timeout, maxEditLength: DIFF_LIMITS.edits });
  if (patch === undefined) return null;
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines: changed }) => ({
    oldStart: oldStart + skipped,
    oldLines,
    newStart: newStart + skipped,
    newLines,
    // What begins with a backslash is a remark on the line before it: that the file's last line has no end.
    lines: changed.filter((line) => !line.startsWith("\\")),
  }));
}
