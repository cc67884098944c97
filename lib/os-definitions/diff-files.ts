import { structuredPatch } from "diff";
import type { DiffHunk, FileDiff, OsFileView } from "#lib/domain/os-definition-views.ts";
import { readText, TEXT_BYTES } from "./read-text.ts";
import { countLines, trimCommon } from "./trim-common.ts";

/** What one answer may cost. Past it a file is listed without its lines. */
export const DIFF_LIMITS = {
  /** Bytes of all lines together, as they are answered. */
  bytes: 1_048_576,
  /** Bytes of contents that are read, of both sides together: it is only then known how much of them is the same. */
  read: 8 * 1_048_576,
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
  read: number;
  text: number;
  lines: number;
  ms: number;
}

/**
 * What is different between two lists of files, by path. Unchanged ones are left out. Who wrote them may be anybody: it is bounded
 * in time and in what is compared, contents are in memory one file at a time, and others get their turn between two files.
 */
export async function diffFiles(from: FileSide, to: FileSide): Promise<FileDiff[]> {
  const budget: Budget = { bytes: DIFF_LIMITS.bytes, read: DIFF_LIMITS.read, text: DIFF_LIMITS.text, lines: DIFF_LIMITS.lines, ms: DIFF_LIMITS.totalMs };
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
  const size = sizeOf(change.before) + sizeOf(change.after);
  if (size > budget.read) return tooLarge;
  budget.read -= size;
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

/** Bytes that are read of a file. */
function sizeOf(file: OsFileView | null): number {
  return file === null || file.size > TEXT_BYTES ? 0 : file.size;
}

/** What is too large to be shown stays where it is. */
async function contentOf(file: OsFileView | null, side: FileSide): Promise<Uint8Array | null> {
  return file === null || file.size > TEXT_BYTES ? null : side.content(file.digest);
}

function textOf(file: OsFileView | null, content: Uint8Array | null): ReturnType<typeof readText> {
  return file === null ? { text: "", note: null } : readText(file.size, content);
}

/** Null where there is too much to compare. Where comparing takes too long, all is shown as replaced: that is true as well. What it takes is taken off the budget, whatever comes of it. */
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
  if (patch === undefined) return [replaced(before, after, skipped)];
  return patch.hunks.map(({ oldStart, oldLines, newStart, newLines, lines: changed }) => ({
    oldStart: oldStart + skipped,
    oldLines,
    newStart: newStart + skipped,
    newLines,
    // What begins with a backslash is a remark on the line before it: that the file's last line has no end.
    lines: changed.filter((line) => !line.startsWith("\\")),
  }));
}

/** All between the first and the last line that differ, as removed and added. */
function replaced(before: string, after: string, skipped: number): DiffHunk {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const shortest = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shortest && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const [first, last] = [Math.max(0, head - DIFF_LIMITS.context), Math.min(tail, DIFF_LIMITS.context)];
  const marked = (mark: string, lines: readonly string[]) => lines.map((line) => mark + line.replace(/\n$/, ""));
  const [removed, added] = [old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)];
  const [above, below] = [old.slice(first, head), old.slice(old.length - tail, old.length - tail + last)];
  const start = skipped + first + 1;
  const beside = above.length + below.length;
  const [oldLines, newLines] = [removed.length + beside, added.length + beside];
  // What has no lines stands behind the line before it.
  const startOf = (lines: number): number => (lines === 0 ? start - 1 : start);
  return { oldStart: startOf(oldLines), oldLines, newStart: startOf(newLines), newLines, lines: [...marked(" ", above), ...marked("-", removed), ...marked("+", added), ...marked(" ", below)] };
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}
