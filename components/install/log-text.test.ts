import { describe, expect, it } from "vitest";
import { logParts } from "./log-text.ts";

describe("a line from a guest", () => {
  it("shows where a value was taken out", () => {
    expect(logParts("root:<redacted>, again <redacted>")).toEqual([{ kind: "text", text: "root:" }, { kind: "redacted" }, { kind: "text", text: ", again " }, { kind: "redacted" }]);
  });

  it("loses terminal sequences, control characters and marks that turn the writing", () => {
    expect(logParts("\u001b[31mred\u001b[0m \u001b]0;title\u0007a\u0000b\u202ec\td")).toEqual([{ kind: "text", text: "red abc\td" }]);
  });

  it("is cut where it is very long", () => {
    const [part] = logParts("x".repeat(5000));
    expect(part).toEqual({ kind: "text", text: `${"x".repeat(4000)} … (1000 more characters)` });
  });
});
