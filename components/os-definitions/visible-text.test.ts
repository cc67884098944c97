import { describe, expect, it } from "vitest";
import { linesOf, visibleText } from "./visible-text.ts";

describe("text of a file that somebody else wrote", () => {
  it("is shown as it is where all of it can be seen", () => {
    expect(visibleText("#!/bin/sh\n\techo 'ä → 世界'\n")).toEqual({ text: "#!/bin/sh\n\techo 'ä → 世界'\n", written: 0 });
  });

  it("can't hide what it does by turning the direction of text", () => {
    expect(visibleText("rm # \u202e ok\u2069")).toEqual({ text: "rm # ⟨U+202E⟩ ok⟨U+2069⟩", written: 2 });
  });

  it("can't hide characters between others, nor overwrite a line when it is printed", () => {
    expect(visibleText("a\u200bb\rc\u001b[2K").text).toBe("a⟨U+200B⟩b⟨U+000D⟩c⟨U+001B⟩[2K");
  });

  it("has as many lines as an editor counts", () => {
    expect([linesOf("a\nb\n").length, linesOf("a\nb").length, linesOf("").length, linesOf("\n\n").length]).toEqual([2, 2, 0, 2]);
  });
});
