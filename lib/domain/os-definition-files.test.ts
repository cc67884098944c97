import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DefinitionFile } from "./os-definition-files.ts";
import { DEFINITION_LIMITS, parseDefinition } from "./os-definition-files.ts";
import { fitsTar, writeTar } from "./write-tar.ts";

function file(name: string, content = "", mode = 0o644): DefinitionFile {
  return { path: name, mode, content: Buffer.from(content) };
}

const base = [file("ganeti_api_version", "20\n15\n"), file("untrusted/create", "#!/bin/sh\n", 0o755)];
const withManifest = (manifest: unknown): DefinitionFile[] => [...base, file("slipway.json", JSON.stringify(manifest))];

describe("a definition as Ganeti lays it out", () => {
  it("is understood without anything of ours", () => {
    const parsed = parseDefinition([...base, file("create", "#!/bin/sh\n", 0o755), file("variants.list", "# all\nminimal\n\nserver\n"), file("parameters.list", "dhcp Whether to ask\nroot_password  The password\n")]);
    expect(parsed).toMatchObject({ apiVersions: [15, 20], variants: ["minimal", "server"], manifest: { hostScripts: ["create"], untrustedScripts: ["create"] } });
    expect(parsed.manifest.parameters.map(({ name, visibility, help }) => [name, visibility, help])).toEqual([["dhcp", "public", "Whether to ask"], ["root_password", "public", "The password"]]);
  });

  it("gets classes and steps from slipway.json, and keeps what only parameters.list has", () => {
    const manifest = { title: "Debian", parameters: [{ name: "root_password", visibility: "secret", required: true }], steps: [{ id: "unpack", label: "Unpack" }], minimumDiskMib: 640 };
    const parsed = parseDefinition([...withManifest(manifest), file("parameters.list", "root_password The password\nextra Something\n")]);
    expect(parsed.manifest.parameters.map(({ name, visibility, required, help }) => [name, visibility, required, help])).toEqual([["root_password", "secret", true, "The password"], ["extra", "public", false, "Something"]]);
    expect(parsed.manifest.steps).toEqual([{ id: "unpack", label: "Unpack", weight: 1 }]);
  });

  it("has a digest of paths, modes and contents, in whatever order it was read", () => {
    const digest = parseDefinition(base).digest;
    expect(parseDefinition(base.toReversed()).digest).toBe(digest);
    expect(parseDefinition([...base, file("extra")]).digest).not.toBe(digest);
    expect(parseDefinition([base[0] ?? file(""), file("untrusted/create", "#!/bin/sh\n#\n", 0o755)]).digest).not.toBe(digest);
    expect(parseDefinition([...base, file("x", "", 0o755)]).digest).not.toBe(parseDefinition([...base, file("x", "", 0o644)]).digest);
  });
});

const IMAGE = { location: "https://example.test/image.raw", format: "raw", compression: "none", checksum: null } as const;

describe("what slipway.json may name", () => {
  it("an image by its digest, a default image, and what an install starts from", () => {
    const digest = "a".repeat(64);
    const installParameters = { boot_order: "cdrom", cdrom_image_path: "https://example.test/cd.iso", kernel_path: "/boot/vmlinuz", kernel_args: "ro quiet" };
    const { manifest } = parseDefinition(withManifest({ appliance: "small", imageUse: "layer", carriedImage: { sha256: digest }, defaultImage: IMAGE, installParameters }));
    expect(manifest).toMatchObject({ appliance: "small", imageUse: "layer", carriedImage: digest, defaultImage: IMAGE, installParameters });
    expect(parseDefinition(base).manifest).toMatchObject({ appliance: "full", imageUse: "device", carriedImage: null, defaultImage: null, installParameters: {} });
  });

  it("patterns that find no end, which are given up in a bounded time", () => {
    const parameters = Array.from({ length: 256 }, (_, n) => ({ name: `p${n}`, pattern: "(a+)+$", default: `${"a".repeat(40)}b` }));
    const began = performance.now();
    expect(() => parseDefinition(withManifest({ parameters }))).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("nothing that an error repeats", () => {
    for (const manifest of [{ "hunter2 secret": 1 }, { parameters: [{ name: "hunter2 secret" }] }, { installParameters: { "hunter2 secret": "x" } }]) {
      expect(() => parseDefinition(withManifest(manifest))).toThrow(/^((?!hunter2).)+$/);
    }
  });
});

describe("a definition that can't be used", () => {
  const own = (text: string): DefinitionFile[] => [...base, file("slipway.json", text)];
  it.each<[string, DefinitionFile[]]>([
    ["slipway.json: has a member that isn't known: titel.", withManifest({ titel: "Mine" })],
    ["slipway.json: has members that aren't known: titel.", withManifest({ titel: "Mine", "my titel": "Mine" })],
    ["slipway.json: parameters[1] has a member that isn't known: choice.", withManifest({ parameters: [{ name: "a" }, { name: "b", choice: ["x"] }] })],
    ["slipway.json: parameters[2].visibility must be one of public, private, secret.", withManifest({ parameters: [{ name: "a" }, { name: "b" }, { name: "c", visibility: "hidden" }] })],
    ["slipway.json: parameters[0].name is missing.", withManifest({ parameters: [{ visibility: "secret" }] })],
    ["slipway.json: parameters[0].name must be letters, digits, - and _, a letter first, at most 64.", withManifest({ parameters: [{ name: "hunter2 secret" }] })],
    ["slipway.json: carriedImage.sha256 must be 64 hexadecimal digits in lower case.", withManifest({ carriedImage: { sha256: "../x" } })],
    ["slipway.json: title must be text.", withManifest({ title: 1 })],
    ["slipway.json: title must be a single line.", withManifest({ title: "a\nb" })],
    ["slipway.json: title must have at most 120 characters.", withManifest({ title: "a".repeat(121) })],
    ["slipway.json: steps[0].id must have at least 1 character.", withManifest({ steps: [{ id: "", label: "A" }] })],
    ["slipway.json: steps[0].weight must be more than 0.", withManifest({ steps: [{ id: "a", label: "A", weight: 0 }] })],
    ["slipway.json: minimumDiskMib must be at least 0.", withManifest({ minimumDiskMib: -1 })],
    ["slipway.json: must be an object.", own("[]")],
    ["slipway.json: is not JSON: it can be read up to line 3, column 1.", own('{\n  "title": "hunter2",\n}')],
    ["slipway.json: is not JSON: it can be read up to line 1, column 4.", own("{} hunter2")],
    ["variants.list: line 3 isn't a variant's name, which has letters, digits, _, . and - only.", [...base, file("variants.list", "# all\nplain\nnot plain\n")]],
    ["variants.list: line 2 names plain once more.", [...base, file("variants.list", "plain\nplain\n")]],
    ["parameters.list: line 2 doesn't begin with a parameter's name.", [...base, file("parameters.list", "size how large\n9lives x\n")]],
    ["parameters.list: line 2 has a control character.", [...base, file("parameters.list", "size how large\nb\x1b[31m\n")]],
    ["ganeti_api_version: line 2 isn't a number.", [file("ganeti_api_version", "20\ntwenty\n"), file("untrusted/create", "#!/bin/sh\n", 0o755)]],
  ])("is refused by a sentence: %s", (message, files) => {
    expect(() => parseDefinition(files)).toThrow(expect.objectContaining({ message }));
  });

  it.each<[string, DefinitionFile[], string]>([
    ["no API version", [file("untrusted/create", "", 0o755)], "ganeti_api_version"],
    ["an API version that is no number", [file("ganeti_api_version", "twenty"), file("create", "", 0o755)], "ganeti_api_version"],
    ["no script", [file("ganeti_api_version", "20")], "create"],
    ["a script that may not be executed", [file("ganeti_api_version", "20"), file("create")], "create"],
    ["a variant twice", [...base, file("variants.list", "a\na\n")], "variants.list"],
    ["a variant with a slash", [...base, file("variants.list", "../x\n")], "variants.list"],
    ["a parameter that is no name", [...base, file("parameters.list", "9lives x\n")], "parameters.list"],
    ["slipway.json that is no JSON", [...base, file("slipway.json", "{")], "slipway.json"],
    ["slipway.json with a field of its own", withManifest({ colour: "red" }), "slipway.json"],
    ["a secret with a default", withManifest({ parameters: [{ name: "p", visibility: "secret", default: "x" }] }), "slipway.json"],
    ["a choice without choices", withManifest({ parameters: [{ name: "p", type: "choice" }] }), "slipway.json"],
    ["a default outside its choices", withManifest({ parameters: [{ name: "p", type: "choice", choices: ["a"], default: "b" }] }), "slipway.json"],
    ["a pattern that is none", withManifest({ parameters: [{ name: "p", pattern: "(" }] }), "slipway.json"],
    ["a parameter twice", withManifest({ parameters: [{ name: "p" }, { name: "p" }] }), "slipway.json"],
    ["a step twice", withManifest({ steps: [{ id: "a", label: "A" }, { id: "a", label: "B" }] }), "slipway.json"],
    ["two parameters that would be one variable", [...base, file("parameters.list", "Dhcp x\ndhcp y\n")], "parameters.list"],
    ["two of slipway.json that would be one variable", withManifest({ parameters: [{ name: "a-b" }, { name: "A-B" }] }), "slipway.json"],
    ["one of each that would be one variable", [...withManifest({ parameters: [{ name: "dhcp" }] }), file("parameters.list", "DHCP x\n")], "parameters.list"],
    ["a parameter twice in the list", [...base, file("parameters.list", "a x\na y\n")], "parameters.list"],
    ["a control character in the list", [...base, file("parameters.list", "a x\x1b[31m\n")], "parameters.list"],
    ["a line of a megabyte", [...base, file("parameters.list", `a ${"x".repeat(1_000_000)}\n`)], "parameters.list"],
    ["too long a description", [...base, file("parameters.list", `a ${"x".repeat(2_001)}\n`)], "parameters.list"],
    ["more parameters than there may be", [...base, file("parameters.list", Array.from({ length: 257 }, (_, n) => `p${n}\n`).join(""))], "parameters.list"],
    ["more variants than there may be", [...base, file("variants.list", Array.from({ length: 65 }, (_, n) => `v${n}\n`).join(""))], "variants.list"],
    ["a default of a megabyte", withManifest({ parameters: [{ name: "p", type: "text", default: "x".repeat(1_000_000) }] }), "slipway.json"],
    ["a default that is a mask", withManifest({ parameters: [{ name: "p", default: "********" }] }), "slipway.json"],
    ["a default that its own pattern refuses", withManifest({ parameters: [{ name: "p", pattern: "[a-z]+", default: "B" }] }), "slipway.json"],
    ["a default that isn't of its type", withManifest({ parameters: [{ name: "p", type: "integer", default: "many" }] }), "slipway.json"],
    ["a pattern that is one only where it is put", withManifest({ parameters: [{ name: "p", pattern: "a)|(?:b" }] }), "slipway.json"],
    ["a control character in a text", withManifest({ title: "a\x1b[31m" }), "slipway.json"],
    ["NUL in a text", withManifest({ description: "a\0" }), "slipway.json"],
    ["half a character in a text", [...base, file("slipway.json", '{"title":"\\ud800"}')], "slipway.json"],
    ["a text that is turned around", withManifest({ title: "\u202egnp.exe" }), "slipway.json"],
    ["a title with what nobody sees", withManifest({ title: "a\u200bb\ufeff" }), "slipway.json"],
    ["a title of blanks", withManifest({ title: "   " }), "slipway.json"],
    ["a title of two lines", withManifest({ title: "a\nb" }), "slipway.json"],
    ["a key twice", [...base, file("slipway.json", '{"title":"a","title":"b"}')], "slipway.json"],
    ["__proto__ as a key", [...base, file("slipway.json", '{"__proto__":{"title":"a"}}')], "slipway.json"],
    ["JSON that is very deep", [...base, file("slipway.json", `${"[".repeat(100_000)}${"]".repeat(100_000)}`)], "slipway.json"],
    ["an image with a password in its address", withManifest({ defaultImage: { ...IMAGE, location: "https://me:secret@example.test/i" } }), "slipway.json"],
    ["an image at a place that is none", withManifest({ defaultImage: { ...IMAGE, location: "ftp://example.test/i" } }), "slipway.json"],
    ["an image at a path that leads up", withManifest({ defaultImage: { ...IMAGE, location: "/srv/../etc/shadow" } }), "slipway.json"],
    ["an installation parameter that isn't one", withManifest({ installParameters: { vnc_password_file: "/x" } }), "slipway.json"],
    ["a boot order that isn't one", withManifest({ installParameters: { boot_order: "carrot" } }), "slipway.json"],
    ["a carried image that is no digest", withManifest({ carriedImage: { sha256: "../x" } }), "slipway.json"],
    ["a path with ..", [...base, file("../x")], "../x"],
    ["two paths that differ in case", [...base, file("a"), file("A")], "A"],
    ["text that isn't UTF-8", [...base, { path: "variants.list", mode: 0o644, content: Buffer.from([0xff, 0xfe]) }], "variants.list"],
  ])("for %s is refused, naming the file", (_, files, field) => {
    expect(() => parseDefinition(files)).toThrow(expect.objectContaining({ code: "invalid", field }));
  });

  it.each([
    ["slipway.json", file("slipway.json", `{"title":"${"x".repeat(1_100_000)}"}`)],
    ["parameters.list", file("parameters.list", "# x\n".repeat(300_000))],
    ["variants.list", file("variants.list", "\n".repeat(70_000))],
    ["big", { path: "big", mode: 0o644, content: Buffer.alloc(DEFINITION_LIMITS.fileBytes + 1) }],
  ])("for a %s of too many bytes is refused", (field, large) => {
    expect(() => parseDefinition([...base, large])).toThrow(expect.objectContaining({ code: "too_large", field }));
  });
});

describe("the archive of the untrusted half", () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "slipway-tar-"));
  });
  afterAll(() => rmSync(scratch, { recursive: true }));

  it("is what tar unpacks: paths, modes, contents", () => {
    const long = `${"d".repeat(90)}/${"e".repeat(60)}/${"f".repeat(95)}`;
    const files = [file("create", "x".repeat(1_000), 0o755), file("lib/a.sh", "a"), file("lib/deep/b.sh", "y".repeat(512)), file(long, "long")];
    writeFileSync(path.join(scratch, "a.tar"), writeTar(files));
    execFileSync("tar", ["-xf", "a.tar"], { cwd: scratch });
    for (const { path: name, content, mode } of files) {
      expect(readFileSync(path.join(scratch, name))).toEqual(content);
      expect(statSync(path.join(scratch, name)).mode & 0o777).toBe(mode);
    }
    expect(readdirSync(scratch).toSorted()).toEqual(["a.tar", "create", "d".repeat(90), "lib"].toSorted());
  });

  it("is the same bytes for the same files", () => {
    const files = [file("b"), file("a/c", "1")];
    expect(writeTar(files).equals(writeTar(files.toReversed()))).toBe(true);
  });

  it("has a limit on paths", () => {
    expect(fitsTar("a".repeat(100))).toBe(true);
    expect(fitsTar("a".repeat(101))).toBe(false);
    expect(fitsTar(`${"a".repeat(155)}/${"b".repeat(100)}`)).toBe(true);
    expect(fitsTar(`${"a".repeat(156)}/b`)).toBe(false);
  });
});
