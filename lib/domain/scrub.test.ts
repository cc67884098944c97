import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Scrubber, ScrubPatterns, scrubText } from "./scrub.ts";
import { privateValue, REDACTED, secretValue } from "./visibility.ts";

function patternsFor(...values: string[]): ScrubPatterns {
  return new ScrubPatterns(values.map((value) => secretValue(value)));
}

function scrubInPieces(patterns: ScrubPatterns, bytes: Buffer, cuts: readonly number[]): Buffer {
  const scrubber = new Scrubber(patterns);
  const output: Buffer[] = [];
  let at = 0;
  for (const cut of [...cuts.map((n) => n % (bytes.length + 1))].sort((a, b) => a - b)) {
    output.push(scrubber.write(bytes.subarray(at, cut)));
    at = cut;
  }
  output.push(scrubber.write(bytes.subarray(at)), scrubber.end());
  return Buffer.concat(output);
}

const value = fc.string({ minLength: 6, maxLength: 120, unit: "binary" }).filter((text) => text.isWellFormed() && text.trim().length >= 6);
const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.nat(), { maxLength: 8 });

const encodings: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 without padding": (text) => Buffer.from(text).toString("base64").replace(/=+$/, ""),
  "url-safe base64": (text) => Buffer.from(text).toString("base64url"),
  hex: (text) => Buffer.from(text).toString("hex"),
  "upper-case hex": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "URL-encoded": (text) => encodeURIComponent(text),
  "form-encoded": (text) => new URLSearchParams([["", text]]).toString().slice(1),
  "JSON-escaped": (text) => JSON.stringify(text).slice(1, -1),
};

describe("the scrubber", () => {
  for (const [name, encode] of Object.entries(encodings)) {
    test(`replaces a value in its ${name} form, however the stream is cut`, () => {
      fc.assert(
        fc.property(value, noise, noise, cuts, (text, before, after, at) => {
          const form = Buffer.from(encode(text));
          const output = scrubInPieces(patternsFor(text), Buffer.concat([before, form, after]), at);
          expect(output.includes(form)).toBe(false);
          expect(output.includes(REDACTED)).toBe(true);
        }),
      );
    });
  }

  test("replaces a value inside longer base64, in each of the three alignments", () => {
    fc.assert(
      fc.property(value, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), cuts, (text, before, after, at) => {
        const output = scrubInPieces(patternsFor(text), Buffer.from(Buffer.from(before + text + after).toString("base64")), at);
        const left = Buffer.from(output.toString("latin1").split(REDACTED)[0] ?? "", "base64").toString();
        expect(output.includes(REDACTED)).toBe(true);
        expect(left.length).toBeLessThanOrEqual(Buffer.from(before).length + 1);
      }),
    );
  });

  test("gives the same result wherever the stream is cut", () => {
    const tight = fc.string({ minLength: 6, maxLength: 60, unit: fc.constantFrom("a", "b", "\n") }).filter((text) => text.trim().length >= 6);
    const stream = fc.array(fc.constantFrom("a", "b", "\n", "\r\n", "aabab", "YWFi"), { maxLength: 200 }).map((parts) => Buffer.from(parts.join("")));
    fc.assert(
      fc.property(fc.array(tight, { minLength: 1, maxLength: 4 }), stream, cuts, (texts, bytes, at) => {
        const patterns = patternsFor(...texts);
        expect(scrubInPieces(patterns, bytes, at).toString()).toBe(scrubInPieces(patterns, bytes, []).toString());
      }),
    );
  });

  test("leaves everything else as it is", () => {
    fc.assert(
      fc.property(noise, cuts, (bytes, at) => {
        expect(scrubInPieces(patternsFor("a value that is not there"), bytes, at).equals(bytes)).toBe(true);
      }),
    );
  });

  test("holds back only what could be the beginning of a value", () => {
    const scrubber = new Scrubber(patternsFor("correct horse"));
    expect(scrubber.write(Buffer.from("password: cor")).toString()).toBe("password: ");
    expect(scrubber.write(Buffer.from("al\n")).toString()).toBe("coral\n");
    expect(scrubber.write(Buffer.from("correct hors")).toString()).toBe("");
    expect(scrubber.write(Buffer.from("e!")).toString()).toBe(`${REDACTED}!`);
  });

  test("replaces each line of a value of several, and line ends as a terminal writes them", () => {
    const patterns = patternsFor("first line of it\nsecond line of it");
    expect(scrubText(patterns, "> second line of it <")).toBe(`> ${REDACTED} <`);
    expect(scrubText(patterns, "first line of it\r\nsecond line of it")).toBe(REDACTED);
  });

  test("replaces a long value in base64 that is wrapped at 76 and 64 columns", () => {
    const text = "k".repeat(40) + "0123456789".repeat(12);
    const whole = Buffer.from(text).toString("base64");
    for (const columns of [76, 64]) {
      const wrapped = whole.match(new RegExp(`.{1,${String(columns)}}`, "g"))?.join("\n") ?? "";
      expect(scrubText(patternsFor(text), `${wrapped}\n`)).toBe(`${REDACTED}\n`);
    }
  });

  test("replaces a value in base64 or hex that is wrapped at any column, whatever stands before it and however the stream is cut", () => {
    const wrap = (text: string, columns: number, lineEnd: string): string => text.match(new RegExp(`.{1,${String(columns)}}`, "g"))?.join(lineEnd) ?? "";
    const long = fc.stringMatching(/^[A-Za-z0-9]{9,120}$/);
    const lineEnd = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(long, fc.constantFrom("base64", "hex"), fc.string({ maxLength: 90 }), fc.integer({ min: 4, max: 100 }), lineEnd, cuts, (text, encoding, before, columns, end, at) => {
        const whole = Buffer.from(before + text).toString(encoding === "hex" ? "hex" : "base64");
        const output = scrubInPieces(patternsFor(text), Buffer.from(`${wrap(whole, columns, end)}\n`), at).toString();
        expect(output).toContain(REDACTED);
        // At a line's end two characters may be left on one side, and on the other too little for a pattern.
        const own = encoding === "hex" ? Buffer.from(text).toString("hex") : whole.slice(Math.ceil((Buffer.byteLength(before) * 8) / 6));
        const left = output.replaceAll(/\r?\n/g, "");
        for (let from = 0; from + 9 <= own.replace(/=+$/, "").length; from += 1) expect(left).not.toContain(own.slice(from, from + 9));
      }),
      { numRuns: 300 },
    );
  });

  test("keeps lines apart where a value goes on over the end of one", () => {
    const patterns = patternsFor("correct horse battery");
    expect(scrubText(patterns, "> correct ho\nrse battery <\n")).toBe(`> ${REDACTED}\n${REDACTED} <\n`);
    expect(scrubText(patterns, "> correct ho\r\nrse battery <\n")).toBe(`> ${REDACTED}\r\n${REDACTED} <\n`);
    expect(scrubText(patterns, "> correct ho\n\nrse battery <\n")).toBe("> correct ho\n\nrse battery <\n");
  });

  test("doesn't hold a line back for the next one, unless its end could be the beginning of a value", () => {
    const scrubber = new Scrubber(patternsFor("correct horse battery"));
    expect(scrubber.write(Buffer.from("unpacking co\n")).toString()).toBe("unpacking co\n");
    expect(scrubber.write(Buffer.from("unpacking corr\n")).toString()).toBe("unpacking ");
    expect(scrubber.write(Buffer.from("upted\n")).toString()).toBe("corr\nupted\n");
  });

  test("replaces a long value in hex as xxd writes it, and a value with quotes as shells do", () => {
    const text = "k".repeat(40) + "0123456789".repeat(12);
    const lines = Buffer.from(text).toString("hex").match(/.{1,60}/g)?.join("\n") ?? "";
    expect(scrubText(patternsFor(text), `${lines}\n`)).toBe(`${REDACTED}\n`);
    const quoted = [`it'\\''s "7$" a\\b`, `it'"'"'s "7$" a\\b`, `it's \\"7\\$\\" a\\\\b`];
    for (const form of quoted) expect(scrubText(patternsFor(`it's "7$" a\\b`), `'${form}'`)).toBe(`'${REDACTED}'`);
  });

  test("leaves values shorter than six characters alone", () => {
    expect(scrubText(new ScrubPatterns([privateValue("short")]), "a short one")).toBe("a short one");
  });

  test("takes hundreds of values and megabytes in seconds", () => {
    const values = Array.from({ length: 300 }, (_, i) => secretValue(`value-${String(i)}-${"x".repeat(i)}`));
    const patterns = new ScrubPatterns(values);
    const scrubber = new Scrubber(patterns);
    const chunk = Buffer.from("Unpacking linux-image value- value-2 (6.1.0) over nothing ...\n".repeat(1_000));
    const start = performance.now();
    for (let i = 0; i < 64; i += 1) scrubber.write(chunk);
    expect(performance.now() - start).toBeLessThan(8_000);
  });
});
