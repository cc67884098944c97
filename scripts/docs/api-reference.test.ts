import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { renderReference } from "./api-reference.ts";
import { describeFields } from "./describe-schema.ts";

const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/api.md"), "utf8");

describe("docs/api.md", () => {
  test("is what `npm run docs` makes of the registers", () => {
    expect(text).toBe(renderReference(text));
  });

  test("has a place for every generated part", () => {
    expect(() => renderReference(text.replace("<!-- generated: errors -->", ""))).toThrow("no place for errors");
    expect(() => renderReference(`${text}\n<!-- generated: weather -->\n<!-- end -->\n`)).toThrow("nothing to generate for weather");
  });
});

describe("the fields of a schema", () => {
  test("are described as they have to be sent, by their path, with bounds and defaults", () => {
    const schema = z.strictObject({
      name: z.string().regex(/^(a|b)$/),
      after: z.string().regex(/^\d{1,18}$/).optional(),
      disks: z.array(z.strictObject({ sizeMib: z.number().int().min(1).max(9) })).max(4),
      start: z.boolean().nullable().optional(),
      kind: z.enum(["one", "two"]).default("one"),
      values: z.record(z.string(), z.string().transform((value) => ({ value }))).default({}),
    });
    expect(describeFields(schema)).toEqual([
      { name: "name", need: "required", type: "text like `^(a\\|b)$`" },
      { name: "after", need: "", type: "1 to 18 digits" },
      { name: "disks", need: "required", type: "list of objects, at most 4" },
      { name: "disks[].sizeMib", need: "required", type: "whole number, 1 to 9" },
      { name: "start", need: "", type: "`true` or `false` or null" },
      { name: "kind", need: "", type: '`one`, `two`; `"one"` if left out' },
      { name: "values", need: "", type: "names with text each" },
    ]);
  });

  test("of an object that may be left out or null are described as well, and those of its forms", () => {
    const digest = z.union([z.strictObject({ sha256: z.string() }), z.strictObject({ sha512: z.string() })]);
    const schema = z.strictObject({ image: z.strictObject({ location: z.string(), checksum: digest.nullable().default(null) }).nullable().optional() });
    expect(describeFields(schema)).toEqual([
      { name: "image", need: "", type: "object or null" },
      { name: "image.location", need: "required with `image`", type: "text" },
      { name: "image.checksum", need: "", type: "object or null; `null` if left out" },
      { name: "image.checksum.sha256", need: "one of these", type: "text" },
      { name: "image.checksum.sha512", need: "one of these", type: "text" },
    ]);
  });

  test("say with what they are needed where a body has several forms", () => {
    const schema = z.discriminatedUnion("trusted", [
      z.strictObject({ trusted: z.literal(true), digest: z.string(), reason: z.string(), updates: z.boolean().default(false) }),
      z.strictObject({ trusted: z.literal(false), reason: z.string() }),
    ]);
    expect(describeFields(schema)).toEqual([
      { name: "trusted", need: "required", type: "`true` or `false`" },
      { name: "digest", need: "required with `trusted: true`", type: "text" },
      { name: "reason", need: "required", type: "text" },
      { name: "updates", need: "only with `trusted: true`", type: "`true` or `false`; `false` if left out" },
    ]);
  });
});
