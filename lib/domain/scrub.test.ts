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

  test("replaces a value of which a program escapes any characters in any way, however the stream is cut", () => {
    const hex = (code: number, digits: number, isUpper: boolean): string => {
      const text = code.toString(16).padStart(digits, "0");
      return isUpper ? text.toUpperCase() : text;
    };
    const json = (character: string, choice: number): string => {
      const plain = JSON.stringify(character).slice(1, -1);
      if (choice % 3 === 0) return character === "/" && choice % 2 === 0 ? "\\/" : plain;
      return Array.from({ length: character.length }, (_, i) => `\\u${hex(character.charCodeAt(i), 4, choice % 2 === 0)}`).join("");
    };
    const url = (character: string, choice: number, space: string): string => {
      if (character === " " && choice % 3 > 0) return space;
      if (choice % 3 === 0 && !"%+".includes(character)) return character;
      return Array.from(Buffer.from(character), (byte) => `%${hex(byte, 2, choice % 2 === 0)}`).join("");
    };
    const ways: Readonly<Record<string, (character: string, choice: number) => string>> = {
      json,
      url: (character, choice) => url(character, choice, "%20"),
      form: (character, choice) => url(character, choice, "+"),
      "JSON in JSON": (character, choice) => JSON.stringify(json(character, choice)).slice(1, -1),
      "URL in JSON": (character, choice) => Array.from(url(character, choice, "+"), (part) => json(part, choice)).join(""),
      "JSON in URL": (character, choice) => Array.from(json(character, choice), (part) => url(part, choice, "%20")).join(""),
    };
    const text = fc.string({ minLength: 6, maxLength: 60, unit: fc.oneof(fc.constantFrom(...Array.from("aB7 /+%\"'\\<&~*\t\n\u00e4\u20ac\u{1f600}")), fc.string({ unit: "binary", minLength: 1, maxLength: 1 })) });
    const isTaken = (one: string): boolean => one.isWellFormed() && one.trim().length >= 6 && !one.includes("\r");
    fc.assert(
      fc.property(text.filter(isTaken), fc.constantFrom(...Object.keys(ways)), fc.array(fc.nat({ max: 5 }), { minLength: 1 }), cuts, (one, way, choices, at) => {
        const encoded = Array.from(one, (character, i) => ways[way]?.(character, choices[i % choices.length] ?? 0)).join("");
        const output = scrubInPieces(patternsFor(one), Buffer.from(`>>>>>> ${encoded} <<<<<<`), at).toString();
        expect(output).toBe(`>>>>>> ${REDACTED} <<<<<<`);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ["pass<word>&123", String.raw`pass\u003cword\u003E\u0026123`],
    ["hunter22-x", String.raw`\x68\x75\x6e\x74\x65\x72\x32\x32\x2d\x78`],
    ["hunter22-x", String.raw`\150\165\156\164\145\162\062\062\055\170`],
    ["hunter22-x", "68 75 6e 74 65 72 32 32 2d 78"],
    ["hunter22-x", "68:75:6E:74:65:72:32:32:2D:78"],
    ["hunter22-x", "6875 6e74 6572 3232 2d78"],
    ["a longer passphrase", "61 20 6c 6f 6e 67 65 72 20 70 61 73 73 70 68 72\n 61 73 65"],
    ["emoji\u{1f600}pass", String.raw`emoji\ud83D\ude00pass`],
    ["emoji\u{1f600}pass", String.raw`emoji\U0001f600pass`],
    [">>>???>>>???a", String.raw`Pj4+Pz8\/Pj4+Pz8\/YQ==`],
    [">>>???>>>???a", "Pj4%2BPz8%2fPj4%2BPz8%2FYQ"],
    ["a passphrase in base64 of two lines", String.raw`YSBwYXNzcGhyYXNl\nIGluIGJhc2U2NCBv\nZiB0d28gbGluZXM=`],
  ])("replaces %s as %s", (one, form) => {
    expect(scrubText(patternsFor(one), `: ${form} ;`)).toBe(`: ${REDACTED} ;`);
  });

  test("leaves escapes without a value as they are, also those that don't end, however the stream is cut", () => {
    const parts = fc.constantFrom("\\", "\\u", "\\u00", "\\u0041", "\\ud83d", "\\ude00", "\\x4", "\\12", "%", "%4", "%41", "+", "'", "'\\''", "'\"'", "\r", "\n", "=", "a", "68 ", "Y29y", "\u00e4");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), cuts, (texts, at) => {
        const bytes = Buffer.from(texts.join(""));
        expect(scrubInPieces(patternsFor("correct horse battery", "a\n\n\\value"), bytes, at).equals(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("gives the same result wherever a stream with escapes is cut", () => {
    const one = fc.string({ minLength: 6, maxLength: 14, unit: fc.constantFrom("a", "0", "4", "1", "\\", "%", "'", "\n", "A") }).filter((text) => text.trim().length >= 6);
    const stream: fc.Arbitrary<string[]> = fc.array(fc.constantFrom("a", "0041", "\\", "\\u0061", "\\x41", "%", "%41", "%5c", "%2541", "'", "'\\''", "\n", "\r\n", "A", "41 ", "YTA0"), { maxLength: 80 });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), stream, cuts, fc.nat(), (texts, parts, at, where) => {
        const patterns = patternsFor(...texts);
        // A value in it, so that something is found.
        const bytes = Buffer.from(parts.toSpliced(where % (parts.length + 1), 0, texts[0] ?? "").join(""));
        expect(scrubInPieces(patterns, bytes, at).toString()).toBe(scrubInPieces(patterns, bytes, []).toString());
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["0ab cd", "x%20ab%20cd"],
    ["041xyz-7", String.raw`x\u0041xyz\u002d7`],
  ])("doesn't take the end of an escape for the beginning of a value, however the stream is cut: %s in %s", (one, stream) => {
    const bytes = Buffer.from(stream);
    for (let at = 0; at <= bytes.length; at += 1) expect(scrubInPieces(patternsFor(one), bytes, [at]).toString()).toBe(stream);
  });

  test("keeps the private values when the secrets are done with", async () => {
    const patterns = new ScrubPatterns([secretValue("a secret value"), privateValue("a private value"), secretValue("a private value")]);
    expect(scrubText(patterns, "a secret value, a private value")).toBe(`${REDACTED}, ${REDACTED}`);
    expect(scrubText(await patterns.onlyPrivate(), "a secret value, a private value")).toBe(`a secret value, ${REDACTED}`);
    expect((await new ScrubPatterns([secretValue("a secret value")]).onlyPrivate()).isEmpty).toBe(true);
  });

  test("takes little memory for a megabyte of short lines, and finds each of them", async () => {
    const line = (i: number, j: number): string => `${(i * 9_000 + j).toString(36).padStart(4, "0")}\u00e9"$ ~`;
    const values = Array.from({ length: 16 }, (_, i) => privateValue(Array.from({ length: 5_900 }, (__, j) => line(i, j)).join("\n")));
    const before = process.memoryUsage().arrayBuffers;
    const patterns = await ScrubPatterns.prepare(values);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1_048_576);
    for (let j = 0; j < 5_900; j += 100) expect(scrubText(patterns, `> ${line(15, j)} <`)).toBe(`> ${REDACTED} <`);
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
    // Nothing of a value's own, which would rightly be there still.
    const other = fc.stringMatching(/^[ -/:-@]{0,90}$/);
    const lineEnd = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(long, fc.constantFrom("base64", "hex"), other, fc.integer({ min: 4, max: 100 }), lineEnd, cuts, (text, encoding, before, columns, end, at) => {
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
