import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DEFINITION_LIMITS } from "#lib/domain/os-definition-files.ts";
import { readDefinitionDirectory } from "./read-definition-directory.ts";

let scratch: string;
let folder: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), "slipway-definition-"));
  folder = path.join(scratch, "testos");
  mkdirSync(path.join(folder, "untrusted"), { recursive: true });
  writeFileSync(path.join(folder, "ganeti_api_version"), "20\n");
  writeFileSync(path.join(folder, "untrusted/create"), "#!/bin/sh\n", { mode: 0o755 });
});
afterEach(() => rmSync(scratch, { recursive: true }));

it("reads files and folders, and leaves hidden ones out", async () => {
  writeFileSync(path.join(folder, ".swp"), "");
  const { files } = await readDefinitionDirectory(folder);
  expect(files.map((file) => [file.path, file.mode])).toEqual([["ganeti_api_version", 0o644], ["untrusted/create", 0o755]]);
});

it("follows a link that stays inside", async () => {
  symlinkSync("create", path.join(folder, "untrusted/import"));
  const { manifest } = await readDefinitionDirectory(folder);
  expect(manifest.untrustedScripts).toEqual(["create", "import"]);
});

it.each([
  ["out of the folder", () => symlinkSync("/etc/passwd", path.join(folder, "variants.list")), "variants.list: is a link out of the folder."],
  ["out of it by its parent", () => {
    writeFileSync(path.join(scratch, "other"), "");
    symlinkSync("../other", path.join(folder, "variants.list"));
  }, "variants.list: is a link out of the folder."],
  ["to nothing", () => symlinkSync("nothing", path.join(folder, "variants.list")), "variants.list: is a link to something that isn't there."],
  ["to a folder", () => symlinkSync("untrusted", path.join(folder, "linked")), "linked: is neither a file nor a folder."],
] as const)("refuses a link %s", async (_, prepare, message) => {
  prepare();
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "invalid", message });
});

it("refuses a pipe without waiting for its other end", async () => {
  execFileSync("mkfifo", [path.join(folder, "pipe")]);
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "invalid", field: "pipe" });
});

it("refuses too large a file, too many, and too deep a folder", async () => {
  const big = path.join(folder, "big");
  writeFileSync(big, Buffer.alloc(DEFINITION_LIMITS.fileBytes + 1));
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "too_large", field: "big" });
  rmSync(big);
  const deep = path.join(folder, ...Array.from({ length: DEFINITION_LIMITS.depth + 1 }, () => "d"));
  mkdirSync(deep, { recursive: true });
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "invalid" });
  rmSync(path.join(folder, "d"), { recursive: true });
  for (let n = 0; n < DEFINITION_LIMITS.files; n += 1) writeFileSync(path.join(folder, `f${n}`), "");
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "too_large" });
});

it("refuses a folder that isn't there", async () => {
  await expect(readDefinitionDirectory(path.join(scratch, "none"))).rejects.toMatchObject({ code: "invalid", field: "directory" });
});
