import { describe, expect, it } from "vitest";
import { importParameters } from "./import-parameters.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import { privateValue, secretValue } from "./visibility.ts";

const declare = (name: string, visibility: ParameterDeclaration["visibility"]): ParameterDeclaration => ({ name, visibility, type: "string", required: false, default: null, pattern: null, choices: [], help: "" });
const NOTHING = { public: {}, private: {}, secret: {} };
const EXPORTED = [
  { name: "suffix", visibility: "public", value: "a.test" },
  { name: "password", visibility: "private", fingerprint: "k1:abcd" },
  { name: "root", visibility: "secret" },
] as const;

describe("parameters of an import", () => {
  const declarations = [declare("suffix", "public"), declare("password", "private"), declare("root", "secret")];

  it("are the public ones of the export, and the others have to be sent", () => {
    expect(importParameters(EXPORTED, NOTHING, declarations)).toEqual({ parameters: { ...NOTHING, public: { suffix: "a.test" } }, missing: ["password", "root"] });
  });

  it("are those that are sent where there are any", () => {
    const sent = { public: { suffix: "b.test" }, private: { password: privateValue("p") }, secret: { root: secretValue("r") } };
    expect(importParameters(EXPORTED, sent, declarations)).toEqual({ parameters: sent, missing: [] });
  });

  it("are never sent in a lower class than the definition has by now, and what it doesn't know any more is left out", () => {
    expect(importParameters(EXPORTED, NOTHING, [declare("suffix", "private")])).toEqual({ parameters: NOTHING, missing: ["suffix"] });
  });
});
