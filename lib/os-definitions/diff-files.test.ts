import { createHash } from "node:crypto";
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
  return { files: views, content: (digest) => contents.get(digest) ?? null };
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
    const before = { ...side({ a: "old" }), content: () => null };
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
    expect(found.filter(({ hunks }) => hunks !== null)).toHaveLength(4);
    expect(found.filter(({ note }) => note === "too large")).toHaveLength(4);
    expect(JSON.stringify(found).length).toBeLessThan(1.2 * DIFF_LIMITS.bytes);
  });
});
