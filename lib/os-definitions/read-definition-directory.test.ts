import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

it("follows a link to a folder that stays inside", async () => {
  mkdirSync(path.join(folder, "lib"));
  writeFileSync(path.join(folder, "lib/a.sh"), "a");
  symlinkSync("../lib", path.join(folder, "untrusted/lib"));
  const { files } = await readDefinitionDirectory(folder);
  expect(files.map((file) => file.path)).toEqual(["ganeti_api_version", "lib/a.sh", "untrusted/create", "untrusted/lib/a.sh"]);
});

describe("a root that the administrator lists", () => {
  let root: string;
  beforeEach(() => {
    root = path.join(scratch, "etc");
    mkdirSync(path.join(root, "debootstrap/hooks"), { recursive: true });
    writeFileSync(path.join(root, "debootstrap/variants.list"), "default\n");
    writeFileSync(path.join(root, "debootstrap/hooks/one"), "#!/bin/sh\n", { mode: 0o755 });
  });

  it("may hold what links lead to, files and folders", async () => {
    symlinkSync(path.join(root, "debootstrap/variants.list"), path.join(folder, "variants.list"));
    symlinkSync(path.join(root, "debootstrap/hooks"), path.join(folder, "hooks"));
    const { files, variants } = await readDefinitionDirectory(folder, { roots: [root] });
    expect(variants).toEqual(["default"]);
    expect(files.map((file) => file.path)).toContain("hooks/one");
  });

  it("may be a link itself", async () => {
    symlinkSync(root, path.join(scratch, "linked-etc"));
    symlinkSync(path.join(root, "debootstrap/variants.list"), path.join(folder, "variants.list"));
    expect((await readDefinitionDirectory(folder, { roots: [path.join(scratch, "linked-etc"), path.join(scratch, "missing")] })).variants).toEqual(["default"]);
  });

  it("is not a folder whose name begins alike, and a link out of it isn't followed", async () => {
    mkdirSync(`${root}-other`);
    writeFileSync(path.join(`${root}-other`, "list"), "");
    symlinkSync(path.join(`${root}-other`, "list"), path.join(root, "list"));
    symlinkSync(path.join(root, "list"), path.join(folder, "variants.list"));
    await expect(readDefinitionDirectory(folder, { roots: [root] })).rejects.toMatchObject({ code: "invalid", field: "variants.list" });
  });

  it("isn't read without end where its links lead in a circle", async () => {
    symlinkSync(root, path.join(root, "debootstrap/hooks/again"));
    symlinkSync(root, path.join(folder, "etc"));
    await expect(readDefinitionDirectory(folder, { roots: [root] })).rejects.toMatchObject({ code: "invalid", field: "etc/debootstrap/hooks/again" });
  });
});

it.each([
  ["out of the folder", () => symlinkSync("/etc/passwd", path.join(folder, "variants.list")), "variants.list", /link out of the folder/],
  ["out of it by its parent", () => {
    writeFileSync(path.join(scratch, "other"), "");
    symlinkSync("../other", path.join(folder, "variants.list"));
  }, "variants.list", /link out of the folder/],
  ["to nothing", () => symlinkSync("nothing", path.join(folder, "variants.list")), "variants.list", /isn't there/],
  ["to itself", () => symlinkSync("variants.list", path.join(folder, "variants.list")), "variants.list", /isn't there/],
  ["to the folder itself", () => symlinkSync(".", path.join(folder, "linked")), "linked", /in a circle/],
] as const)("refuses a link %s", async (_, prepare, field, message) => {
  prepare();
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "invalid", field });
  await expect(readDefinitionDirectory(folder)).rejects.toThrow(message);
});

it.each(["b\\c", "a\u0301", "new\nline", "back\u202ewards"])("refuses a file named %j", async (name) => {
  writeFileSync(path.join(folder, name), "");
  await expect(readDefinitionDirectory(folder)).rejects.toMatchObject({ code: "invalid" });
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
