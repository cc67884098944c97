import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GUEST_LIMITS, type GuestLine } from "#lib/domain/guest-lines.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { WritePipe } from "./write-pipe.ts";

const SECRET = "correct horse battery";

function createPipe() {
  const lines: GuestLine[] = [];
  const notices: string[] = [];
  const results: number[] = [];
  const pipe = new WritePipe(new ScrubPatterns([secretValue(SECRET), secretValue("tür\n\"schlüssel\"")]), "the-token", {
    onLine: (line) => lines.push(line),
    onNotice: (text) => notices.push(text),
    onResult: (status) => results.push(status),
  });
  const write = (text: string, firstLine: number | null = null): Promise<void> => pipe.take(Readable.from([Buffer.from(text)]), firstLine);
  const texts = (): (string | null)[] => lines.map((line) => (line.kind === "log" ? line.text : line.message));
  return { pipe, lines, notices, results, write, texts };
}

describe("the write pipe", () => {
  test("tells log from progress", async () => {
    const { write, lines } = createPipe();
    await write('unpacking\n{"step":"unpack","percent":5,"message":"half"}\n');
    expect(lines).toEqual([
      { kind: "log", text: "unpacking" },
      { kind: "progress", step: "unpack", percent: 5, message: "half" },
    ]);
  });

  test("takes the result with the install's token, and shows no result", async () => {
    const { write, lines, notices, results } = createPipe();
    await write('{"result":{"token":"wrong","exit_status":0}}\n{"result":{"token":"the-token","exit_status":3}}\n');
    expect(results).toEqual([3]);
    expect(lines).toEqual([]);
    expect(notices.join()).not.toContain("wrong");
    await write('{"result":{"token":"wrong","exit_status":0}}\n'.repeat(1_000));
    expect(notices).toHaveLength(1);
  });

  test("replaces values in lines, in JSON however it is escaped, and over two requests", async () => {
    const { write, texts, pipe } = createPipe();
    const escaped = Array.from(SECRET, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
    await write(`password ${SECRET}\n{"message":"${escaped}"}\n{"step":"${SECRET}"}\n`);
    await write('a tür\n');
    await write('"schlüssel" b\n');
    pipe.end();
    expect(texts()).toEqual(["password <redacted>", "<redacted>", null, "a <redacted> b"]);
  });

  test("replaces a value whose halves come in requests without a line feed, wherever it is cut", async () => {
    for (let at = 1; at < SECRET.length; at += 1) {
      const { write, texts, pipe } = createPipe();
      await write(`a ${SECRET.slice(0, at)}`);
      // What the script prints meanwhile comes by the runner's requests.
      await write("204 No Content\n", at - 1);
      await write(`${SECRET.slice(at)} b`);
      await write("alone");
      pipe.end();
      expect(texts()).toEqual(["204 No Content", "a <redacted>", "<redacted> b", "alone"]);
    }
  });

  test("scrubs what JSON says before it cuts it", async () => {
    const { write, lines, pipe } = createPipe();
    const escaped = Array.from(SECRET, (character) => `\\u00${character.charCodeAt(0).toString(16).toUpperCase()}`).join("");
    for (let before = GUEST_LIMITS.stepIdLength - SECRET.length; before < GUEST_LIMITS.stepIdLength; before += 1) {
      const message = "m".repeat(GUEST_LIMITS.lineBytes - GUEST_LIMITS.stepIdLength + before);
      await write(`{"step":"${"s".repeat(before)}${escaped}","message":"${message}${escaped}","percent":5}\n`);
    }
    pipe.end();
    expect(lines).toHaveLength(SECRET.length);
    for (const line of lines) {
      expect(line).toMatchObject({ kind: "progress" });
      if (line.kind !== "progress") continue;
      expect(line.step).toMatch(/^s+(<redacted>)?$/);
      expect(line.message).toMatch(/^m+(<redacted>)?( \[\d+ more\])?$/);
    }
  });

  test("cuts a long line without showing the half of a value", async () => {
    const { write, texts, pipe } = createPipe();
    // Replaced values make the line so short that its end would be shown.
    for (let at = 0; at < SECRET.length; at += 1) await write(`${"x".repeat(at)}${SECRET.repeat(1_000)}\n`);
    pipe.end();
    for (const text of texts()) expect(text?.length).toBeLessThanOrEqual(GUEST_LIMITS.lineBytes);
    expect(texts().join()).toMatch(/^(x*<redacted>,?)+$/);
  });

  test("never shows a value, however a guest cuts it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(SECRET, SECRET.slice(0, 9), SECRET.slice(9), "\n", " ", "x".repeat(4_080))), async (parts) => {
        const { pipe, texts } = createPipe();
        await pipe.take(Readable.from(parts.map((part) => Buffer.from(part))), null);
        pipe.end();
        expect(texts().join("\n")).not.toContain(SECRET);
      }),
    );
  });

  test("keeps so many lines and counts the rest, and still follows progress and the result", async () => {
    const { write, lines, notices, results, pipe } = createPipe();
    const { linesPerSecond, burst } = GUEST_LIMITS;
    await write("flood\n".repeat(burst + 10 * linesPerSecond));
    await write('{"result":{"token":"the-token","exit_status":0}}\n');
    pipe.end();
    expect(results).toEqual([0]);
    expect(lines.length).toBeGreaterThanOrEqual(burst);
    expect(lines.length).toBeLessThan(burst + 2 * linesPerSecond);
    expect(notices.join()).toMatch(/\d+ lines came too quickly/);
  });

  test("passes over lines that are sent again after a broken connection", async () => {
    const { pipe, texts, write } = createPipe();
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from("one\ntwo\nthr");
        await Promise.reject(new Error("gone"));
      })(),
    );
    await expect(pipe.take(broken, 0)).rejects.toThrow("gone");
    await write("one\ntwo\nthree\n", 0);
    await write("four\n", 3);
    expect(texts()).toEqual(["one", "two", "three", "four"]);
  });
});
