import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScanner, type Canary } from "./scan.ts";

const canary: Canary = { name: "root_password", visibility: "secret", value: 'pa/ß"w+rd 0123' };
const scanner = createScanner([canary]);

describe("the canary scanner", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "canary-"));
  });
  afterAll(async () => rm(directory, { recursive: true, force: true }));

  it("finds nothing where nothing was planted", () => {
    expect(scanner.scan("a log", "the root password was set, sixteen characters")).toEqual([]);
  });

  it.each([
    ["plain", (v: string) => v],
    ["hex", (v: string) => Buffer.from(v).toString("hex")],
    ["HEX", (v: string) => Buffer.from(v).toString("hex").toUpperCase()],
    ["url", (v: string) => encodeURIComponent(v)],
    ["json", (v: string) => JSON.stringify({ v })],
  ] as const)("finds a value in %s form and says where, without saying it", (form, encode) => {
    const finds = scanner.scan("the place", `before ${encode(canary.value)} after`);
    expect(finds.map((find) => find.form)).toContain(form);
    expect(JSON.stringify(finds)).not.toContain("0123");
  });

  it("finds a value inside longer base64, whatever stands before and after it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = Buffer.from(before + canary.value + after).toString("base64");
        expect(scanner.scan("a dump", text).map((find) => find.form)).toContain("base64");
      }),
    );
  });

  it("finds a value that lies across two pieces of a large file", async () => {
    const file = path.join(directory, "large");
    const piece = 4 * 1024 * 1024;
    await writeFile(file, Buffer.concat([Buffer.alloc(piece - 5), Buffer.from(canary.value), Buffer.alloc(100)]));
    expect(await scanner.scanFile("large", file)).toEqual([
      { canary: "root_password", visibility: "secret", form: "plain", place: "large" },
    ]);
  });
});
