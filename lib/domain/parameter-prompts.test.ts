import { describe, expect, it } from "vitest";
import type { ParameterDeclaration } from "./os-definition.ts";
import { promptParameters, secretsToSend } from "./parameter-prompts.ts";

function declare(name: string, change: Partial<ParameterDeclaration> = {}): ParameterDeclaration {
  return { name, visibility: "public", type: "string", required: false, default: null, pattern: null, choices: [], help: "", ...change };
}

describe("what a form asks for", () => {
  it("must be sent where it is required and nothing stands for it", () => {
    const declarations = [
      declare("bare", { required: true }),
      declare("declared", { required: true, default: "d" }),
      declare("given", { required: true, visibility: "private" }),
      declare("optional"),
      declare("fresh", { required: true, visibility: "secret" }),
      declare("again", { visibility: "secret" }),
    ];
    const prompts = promptParameters(declarations, [
      { name: "declared", visibility: "public", value: "d", from: "declared" },
      { name: "given", visibility: "private", isSet: true, fingerprint: "k1:0000", from: "cluster" },
      { name: "again", visibility: "secret", isKept: false, from: "instance" },
    ]);
    expect(prompts.filter(({ mustSend }) => mustSend).map(({ name }) => name)).toEqual(["bare", "fresh", "again"]);
    expect(secretsToSend(prompts)).toEqual(["fresh", "again"]);
  });

  it("says where what counts comes from, and in which class it would be sent", () => {
    const [raised, declared, nothing] = promptParameters(
      [declare("raised"), declare("declared", { default: "d" }), declare("nothing", { visibility: "private" })],
      [
        { name: "raised", visibility: "private", isSet: true, fingerprint: "k1:0000", from: "variant" },
        { name: "declared", visibility: "public", value: "d", from: "declared" },
      ],
    );
    expect(raised).toMatchObject({ visibility: "private", current: { from: "variant", isSet: true }, mustSend: false });
    expect(declared).toMatchObject({ visibility: "public", default: "d", current: null });
    expect(nothing).toMatchObject({ visibility: "private", current: null, mustSend: false });
  });

  it("without declarations is what is kept", () => {
    const prompts = promptParameters(null, [
      { name: "key", visibility: "public", value: "v", from: "instance" },
      { name: "word", visibility: "secret", isKept: false, from: "instance" },
    ]);
    expect(prompts.map(({ name, type, mustSend }) => [name, type, mustSend])).toEqual([["key", "string", false], ["word", "string", true]]);
  });
});
