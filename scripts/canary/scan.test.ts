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

  it("finds the same with one look for a mark that all values hold", () => {
    const marker = "0a1b2c3d4e5f6071";
    const encodings = [
      (text: string) => text,
      (text: string) => Buffer.from(text).toString("base64"),
      (text: string) => Buffer.from(text).toString("base64url"),
      (text: string) => Buffer.from(text).toString("hex"),
      (text: string) => Buffer.from(text).toString("hex").toUpperCase(),
      encodeURIComponent,
      (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
      (text: string) => JSON.stringify(text),
    ];
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.constantFrom(...encodings), (before, after, around, encode) => {
        const marked: Canary = { name: "marked", visibility: "private", value: `${before}${marker}${after}` };
        const content = encode(`${around}${marked.value}${around}`);
        expect(createScanner([marked], marker).scan("a place", content)).toEqual(createScanner([marked]).scan("a place", content));
        expect(createScanner([marked], marker).scan("a place", content)).not.toEqual([]);
      }),
    );
    expect(() => createScanner([canary], marker)).toThrow("without the marker");
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
