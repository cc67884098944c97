import { createHash } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import type { OsFileView } from "#lib/domain/os-definition-views.ts";
import type { FileSide } from "./diff-files.ts";
import { DIFF_LIMITS, diffFiles } from "./diff-files.ts";

function side(files: Readonly<Record<string, string | Uint8Array>>, mode = 0o644): FileSide {
  const contents = new Map<string, Uint8Array>();
  const views = Object.entries(files).map(([path, content]): OsFileView => {
    const bytes = Buffer.from(content);
    const digest = createHash("sha256").update(bytes).digest("hex");
    contents.set(digest, bytes);
    return { path, mode, size: bytes.byteLength, digest };
  });
  return { files: views, content: (digest) => Promise.resolve(contents.get(digest) ?? null) };
}

describe("the difference of two lists of files", () => {
  test("has those that came, went or changed, by path, and not those that stayed", async () => {
    const found = await diffFiles(side({ a: "same", b: "old\n", d: "gone\n" }), side({ a: "same", b: "new\n", c: "come\n" }));
    expect(found.map(({ path, change, hunks }) => [path, change, hunks?.map(({ lines }) => lines)])).toEqual([
      ["b", "changed", [["-old", "+new"]]],
      ["c", "added", [["+come"]]],
      ["d", "removed", [["-gone"]]],
    ]);
  });

  test("says of one whose content stayed that its mode changed", async () => {
    expect(await diffFiles(side({ a: "same" }), side({ a: "same" }, 0o755))).toMatchObject([{ path: "a", change: "mode", hunks: null, note: null, before: { mode: 0o644 }, after: { mode: 0o755 } }]);
  });

  test("has lines that begin with a blank, + or - and with nothing else", async () => {
    const found = await diffFiles(side({ a: "1\n2\n3" }), side({ a: "1\n2\n3\n\\ 4" }));
    expect(found[0]?.hunks?.flatMap(({ lines }) => lines)).toEqual([" 1", " 2", "-3", "+3", "+\\ 4"]);
  });

  test("tells a file's end of line from none, and shows what can't be seen as it is", async () => {
    const found = await diffFiles(side({ a: "x\n" }), side({ a: "x\r\n\u202e" }));
    expect(found[0]?.hunks?.flatMap(({ lines }) => lines)).toEqual(["-x", "+x\r", "+\u202e"]);
  });

  test.each([
    ["binary", "text", new Uint8Array([1, 0, 2])],
    ["binary", new Uint8Array([0xff, 0xfe]), "text"],
    ["too large", "text", "x".repeat(1_048_577)],
  ] as const)("shows no lines of what is %s", async (note, before, after) => {
    expect(await diffFiles(side({ a: before }), side({ a: after }))).toMatchObject([{ change: "changed", hunks: null, note }]);
  });

  test("says where the bytes aren't stored", async () => {
    const before = { ...side({ a: "old" }), content: () => Promise.resolve(null) };
    expect(await diffFiles(before, side({ a: "new" }))).toMatchObject([{ hunks: null, note: "not stored" }]);
  });

  test("takes bounded time over files that are made to be slow to compare", async () => {
    const lines = (seed: number): string => Array.from({ length: 60_000 }, (_, n) => `${(n * seed) % 65_537}\n`).join("");
    const slow = (seed: number) => side(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, lines(seed + n)])));
    const [before, after] = [slow(7), slow(1_013)];
    const started = performance.now();
    const found = await diffFiles(before, after);
    expect(performance.now() - started).toBeLessThan(4 * DIFF_LIMITS.totalMs);
    expect(found).toHaveLength(40);
    expect(found.at(-1)).toMatchObject({ hunks: null, note: "too large" });
  });

  test("has bounded size, and lists the rest without its lines", async () => {
    const large = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`f${n}`, `${n}${"x".repeat(500_000)}\n`]));
    const found = await diffFiles(side({}), side(large));
    expect(found.filter(({ hunks }) => hunks !== null)).toHaveLength(2);
    expect(found.filter(({ note }) => note === "too large")).toHaveLength(6);
    expect(JSON.stringify(found).length).toBeLessThan(1.2 * DIFF_LIMITS.bytes);
  });

  test("shows one changed line of a file that is long, and of many such files", async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n}\n`);
    const long = (line: string) => side(Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`f${n}`, lines.with(40_000, `${line}\n`).join("")])));
    const found = await diffFiles(long("old"), long("new"));
    expect(found).toHaveLength(6);
    for (const { hunks } of found) {
      expect(hunks).toEqual([{ oldStart: 39_998, oldLines: 7, newStart: 39_998, newLines: 7, lines: [" line 39997", " line 39998", " line 39999", "-old", "+new", " line 40001", " line 40002", " line 40003"] }]);
    }
  });

  test("shows a file that is another one altogether as replaced, but for what stayed at its ends", async () => {
    const ends = (middle: string) => `1\n2\n3\n4\n5\n${middle}6\n7\n8\n9\n`;
    const [old, fresh] = [shortLines(1).slice(0, 16_000), shortLines(2).slice(0, 20_000)];
    const [file] = await diffFiles(side({ a: ends(`old\n${old}old\n`) }), side({ a: ends(`new\n${fresh}new\n`) }));
    const [hunk, ...others] = file?.hunks ?? [];
    expect([file?.note, others]).toEqual([null, []]);
    expect(hunk).toMatchObject({ oldStart: 3, oldLines: 8_008, newStart: 3, newLines: 10_008 });
    expect(hunk?.lines.slice(0, 4)).toEqual([" 3", " 4", " 5", "-old"]);
    expect(hunk?.lines.slice(-4)).toEqual(["+new", " 6", " 7", " 8"]);
    expect(hunk?.lines.filter((line) => line.startsWith("+")).map((line) => line.slice(1)).join("\n")).toBe(`new\n${fresh}new`);
  });

  test("shows a long file that came, or went, as what it is", async () => {
    const long = side({ a: "line\n".repeat(DIFF_LIMITS.edits + 10) });
    const count = DIFF_LIMITS.edits + 10;
    const [come] = (await diffFiles(side({}), long))[0]?.hunks ?? [];
    expect(come).toEqual({ oldStart: 0, oldLines: 0, newStart: 1, newLines: count, lines: Array.from({ length: count }, () => "+line") });
    const [gone] = (await diffFiles(long, side({})))[0]?.hunks ?? [];
    expect(gone).toEqual({ oldStart: 1, oldLines: count, newStart: 0, newLines: 0, lines: Array.from({ length: count }, () => "-line") });
  });

  test("keeps nobody waiting for long: files of short lines that have nothing in common are let be", async () => {
    const noise = (seed: number) => side(Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`f${n}`, shortLines(seed + n)])));
    const [before, after] = [noise(1), noise(101)];
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const found = await diffFiles(before, after);
    delay.disable();
    expect(found.map(({ note }) => note)).toEqual(Array.from({ length: 15 }, () => "too large"));
    expect(delay.max / 1e6).toBeLessThan(400);
  });

  test("reads one content after the other, and nothing more once it has shown what it may", async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`f${n}`, `${n}\n${"x\n".repeat(14_999)}`]));
    const { files: views, content } = side(files);
    const reads = { open: 0, most: 0, all: 0 };
    const counted = async (digest: string) => {
      reads.open += 1;
      reads.most = Math.max(reads.most, reads.open);
      reads.all += 1;
      const bytes = await content(digest);
      reads.open -= 1;
      return bytes;
    };
    // After four of 15 000 lines there are none left.
    await diffFiles({ files: [], content: counted }, { files: views, content: counted });
    expect(reads).toEqual({ open: 0, most: 1, all: 4 });
  });
});

/** A MiB of lines of one letter, the same for one seed. */
function shortLines(seed: number): string {
  const bytes = Buffer.alloc(1_048_574, "\n");
  for (let at = 0, state = seed; at < bytes.length; at += 2) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = (state >>> 16) & 1 ? 0x61 : 0x62;
  }
  return bytes.toString();
}
