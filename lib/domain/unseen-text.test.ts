import { describe, expect, it, test } from "vitest";
import { hasUnseen, isReadableLine, visibleText } from "./unseen-text.ts";

const UNSEEN = [0x00, 0x0d, 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x200d, 0x200f, 0x2028, 0x202e, 0x2060, 0x2069, 0x206f, 0x2800, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xd800, 0xe0000, 0xe0041, 0xe007f, 0xe0100];

describe("text that somebody else wrote", () => {
  test.each(UNSEEN.map((code) => code.toString(16)))("can't hide U+%s", (code) => {
    const character = String.fromCodePoint(Number.parseInt(code, 16));
    expect(hasUnseen(`a${character}b`)).toBe(true);
    expect(visibleText(`a${character}b`)).toEqual({ text: `a⟨U+${code.toUpperCase().padStart(4, "0")}⟩b`, written: 1 });
  });

  it("is shown as it is where all of it can be seen", () => {
    const text = "#!/bin/sh\n\techo 'ä → 世界 — עברית 🙂'\u00a0\n";
    expect(visibleText(text)).toEqual({ text, written: 0 });
    expect(hasUnseen(text)).toBe(false);
  });

  it("is a line that can be read where there is something to see, and nothing else", () => {
    expect(isReadableLine("Looked at every line, 2026")).toBe(true);
    for (const text of ["", "   ", "\u00a0\u3000", "\u2800", "a\tb", "a\nb", "a\u200bb"]) expect(isReadableLine(text), JSON.stringify(text)).toBe(false);
  });
});
