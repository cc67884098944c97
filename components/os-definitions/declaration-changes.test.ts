import { describe, expect, it } from "vitest";
import type { ParameterDeclaration } from "#lib/domain/os-definition.ts";
import { declarationChanges } from "./declaration-changes.ts";

const size: ParameterDeclaration = { name: "size", visibility: "public", type: "choice", choices: ["small", "large"], required: false, default: "small", pattern: null, help: "How large." };

describe("what changed of a parameter", () => {
  it("is said member by member", () => {
    expect(declarationChanges(size, { ...size, choices: ["small"], required: true, default: null, help: "The size." })).toEqual([
      "one of small, large → one of small",
      "is needed now",
      "default “small” → none",
      "other help",
    ]);
  });

  it("is all of it for one that is new or gone", () => {
    expect(declarationChanges(null, { ...size, required: true })).toEqual(["one of small, large", "needed", "How large."]);
    expect(declarationChanges(size, null)).toEqual(["one of small, large", "How large."]);
  });
});
