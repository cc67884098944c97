import { describe, expect, it } from "vitest";
import { changedParameters } from "#components/parameters/form-values.ts";
import { importPrompts } from "./import-prompts.ts";

const prompts = importPrompts([
  { name: "size", visibility: "public", value: "small" },
  { name: "token", visibility: "private", fingerprint: "k3:9d02" },
  { name: "root_password", visibility: "secret" },
]);

describe("what an import asks for", () => {
  it("sends public values only where they were changed: the export has them", () => {
    const typed: Record<string, string> = { size: "small", token: "t", root_password: "" };
    expect(changedParameters(prompts, (name) => typed[name] ?? "")).toEqual({ public: {}, private: { token: "t" }, secret: {} });
  });
});
