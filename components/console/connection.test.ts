import { describe, expect, it } from "vitest";
import { endedWords } from "./connection.ts";

describe("the end of a console", () => {
  it("is told as the server told it", () => expect(endedWords(4409, "Somebody is at it.")).toBe("Somebody is at it."));

  it("has words of its own where nobody said anything", () => {
    expect(endedWords(1006, "")).toContain("broke off");
    expect(endedWords(1000, "")).toBe("The console has ended.");
  });
});
