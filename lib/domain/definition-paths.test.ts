import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { archiveFiles } from "./archive-files.ts";
import { definitionPathProblem, isWithin, nameProblem, pathRegister } from "./definition-paths.ts";
import type { ArchiveEntry } from "./read-tar.ts";

const part = fc.oneof(fc.constantFrom("a", "b", "A", "é", "e\u0301", "..", ".", "", ".git", "ß", "SS", "日本"), fc.string({ maxLength: 4, unit: "grapheme" }));
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const normal = fc.array(fc.constantFrom<string>("a", "b", "c"), { minLength: 1, maxLength: 4 });

/** Where a path leads from the top, by its parts alone. */
function walk(parts: readonly string[]): string[] | null {
  const at: string[] = [];
  for (const each of parts) {
    if (each === "..") {
      if (at.pop() === undefined) return null;
    } else if (each !== "." && each !== "") {
      at.push(each);
    }
  }
  return at;
}

describe("a path without a problem", () => {
  it("leads to a place below its folder, and is spelled in one way", () => {
    fc.assert(
      fc.property(path, (text) => {
        if (nameProblem(text) !== null) return;
        expect(walk(text.split("/"))?.join("/")).toBe(text);
        expect(isWithin("/root", `/root/${text}`)).toBe(true);
        expect(text).toBe(text.normalize("NFC"));
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\\]/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has a problem as soon as a part leads up, is empty or controls something", () => {
    fc.assert(
      fc.property(normal, fc.constantFrom("..", ".", "", "a\0", "a\n", "a\\b", "\u202e", "\ud800"), fc.nat(4), (parts, bad, at) => {
        expect(definitionPathProblem(parts.toSpliced(at, 0, bad).join("/"))).not.toBeNull();
      }),
    );
  });
});

describe("the register of paths", () => {
  it("takes no two that are one where case or normal form don't count, in any order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(normal.map((parts) => parts.join("/")), { minLength: 1, maxLength: 6 }), fc.nat(), (paths, pick) => {
        const files = paths.filter((text) => !paths.some((other) => other !== text && other.startsWith(`${text}/`)));
        const register = pathRegister();
        for (const text of files) register.add(text, "file");
        const again = files[pick % files.length] ?? "";
        expect(() => register.add(again.toUpperCase(), "file")).toThrow();
        expect(() => register.add(again, "file")).toThrow();
        expect(() => register.add(`${again}/x`, "file")).toThrow();
      }),
    );
  });
});

describe("a folder", () => {
  it("has in it what its path with a slash begins, and nothing else", () => {
    expect(isWithin("/etc/ganeti", "/etc/ganeti")).toBe(true);
    expect(isWithin("/etc/ganeti", "/etc/ganeti-other/x")).toBe(false);
    expect(isWithin("/", "/anything")).toBe(true);
    fc.assert(fc.property(normal, normal, (folder, other) => {
      expect(isWithin(`/${folder.join("/")}`, `/${other.join("/")}`)).toBe(folder.every((each, index) => other[index] === each));
    }));
  });
});

describe("a link in an archive", () => {
  const content = Buffer.from("the file");
  const target = fc.array(fc.constantFrom("..", ".", "", "a", "b", "c", "file"), { maxLength: 8 }).map((parts) => parts.join("/"));
  const file: ArchiveEntry = { kind: "file", path: "a/b/file", isExecutable: false, content };

  it("gives a file of the archive or is refused, wherever it leads", () => {
    fc.assert(
      fc.property(target, fc.constantFrom("symlink" as const, "hardlink" as const), (to, kind) => {
        const entries: ArchiveEntry[] = [file, { kind: "folder", path: "a/c" }, { kind, path: "a/c/link", target: to }];
        const led = walk([...(kind === "symlink" ? ["a", "c"] : []), ...to.split("/")]);
        let found: Uint8Array | undefined;
        try {
          found = archiveFiles(entries).find((each) => each.path.endsWith("link"))?.content;
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid", field: "a/c/link" });
          // Refused may be what only looks as if it led there: by way of what isn't a folder.
          return;
        }
        expect(found).toBe(content);
        expect(led?.join("/")).toBe("a/b/file");
      }),
      { numRuns: 3_000 },
    );
  });

  it("ends, however many lead to each other", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 10, maxLength: 10 }), (leads) => {
        const links = leads.map((to, index): ArchiveEntry => ({ kind: "symlink", path: `l${index}`, target: to === 9 ? "a/b/file" : `l${to}` }));
        try {
          for (const { content: bytes } of archiveFiles([file, ...links])) expect(bytes).toBe(content);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid" });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
