import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanText, cutScrubbed, cutText, decodeLine, GUEST_LIMITS, LineBudget, LineSplitter, parseGuestLine, parseResult } from "./guest-lines.ts";

describe("a line of the write pipe", () => {
  test("is progress when it is a JSON object with step, percent or message", () => {
    expect(parseGuestLine('{"step":"copy","percent":12.5}')).toEqual({ kind: "progress", step: "copy", percent: 12.5, message: null });
    expect(parseGuestLine('{"message":"done"}')).toEqual({ kind: "progress", step: null, percent: null, message: "done" });
    expect(parseGuestLine('{"percent":900}')).toMatchObject({ percent: 100 });
  });

  test("is log when it is anything else", () => {
    for (const line of ["plain", '{"other":1}', "[1]", '{"step":', "null", '"step"']) {
      expect(parseGuestLine(line)).toEqual({ kind: "log", text: line });
    }
  });

  test("is left as it was sent, so that values are found before anything is cut", () => {
    const long = `${"a".repeat(GUEST_LIMITS.lineBytes)}\n\u{1f600}`;
    expect(parseGuestLine(JSON.stringify({ step: long, message: long }))).toMatchObject({ step: long, message: long });
  });

  test("is whole characters and whole marks, wherever it is cut", () => {
    expect(cutText("ab\u{1f600}", 3).isWellFormed()).toBe(true);
    for (let length = 0; length <= 12; length += 1) {
      expect(cutScrubbed("a<redacted>b", length)).toBe(["", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a<redacted>", "a<redacted>b"][length]);
    }
  });

  test("never makes the agent fail", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (line) => {
      parseGuestLine(line);
      parseResult(line);
    }));
  });

  test("is a result only with a token and a whole number", () => {
    expect(parseResult('{"result":{"token":"t","exit_status":0}}')).toEqual({ token: "t", exitStatus: 0 });
    expect(parseResult('{"result":{"token":"t","exit_status":"0"}}')).toBeNull();
    expect(parseResult('{"result":null}')).toBeNull();
  });

  test("loses its control characters without drawing together what stood apart", () => {
    expect(cleanText("a\u0000b\u001b[0m")).toBe("a\ufffdb\ufffd[0m");
    expect(decodeLine(Buffer.from("10%\r20%\r30%\r"))).toBe("30%");
  });
});

describe("the line splitter", () => {
  test("cuts long lines and says by how much", () => {
    const lines: [string, number][] = [];
    const splitter = new LineSplitter(4, (line, cut) => lines.push([line.toString(), cut]));
    splitter.write(Buffer.from("ab\nabc"));
    splitter.write(Buffer.from("defg\n\nx"));
    splitter.end();
    expect(lines).toEqual([["ab", 0], ["abcd", 3], ["", 0], ["x", 0]]);
  });
});

describe("the line budget", () => {
  test("allows a burst, then a steady rate", () => {
    const budget = new LineBudget(0);
    let taken = 0;
    while (budget.take(0)) taken += 1;
    expect(taken).toBe(GUEST_LIMITS.burst);
    expect(budget.take(1)).toBe(false);
    expect(budget.take(1_000)).toBe(true);
  });
});
