import { describe, expect, it } from "vitest";
import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { changedParameters, initialValue, missingNames, parameterOfField } from "./form-values.ts";

function prompt(change: Partial<ParameterPrompt> & Pick<ParameterPrompt, "name" | "visibility">): ParameterPrompt {
  return { type: "string", required: false, default: null, choices: [], pattern: null, help: "", current: null, mustSend: false, ...change };
}

const suffix = prompt({ name: "suffix", visibility: "public", default: "example.test" });
const keys = prompt({ name: "keys", visibility: "public", current: { name: "keys", visibility: "public", value: "ssh-ed25519 A", from: "instance" } });
const admin = prompt({ name: "admin", visibility: "private", current: { name: "admin", visibility: "private", isSet: true, fingerprint: "k3:9d02", from: "instance" } });
const root = prompt({ name: "root", visibility: "secret", mustSend: true });
const all = [suffix, keys, admin, root];

describe("what a form of parameters sends", () => {
  it("begins with what is kept or the default, and with nothing sealed", () => expect(all.map(initialValue)).toEqual(["example.test", "ssh-ed25519 A", "", ""]));

  it("is what was changed, each in its class", () => {
    const typed: Readonly<Record<string, string>> = { suffix: "corp.test", keys: "ssh-ed25519 A", admin: "new one", root: "hunter22" };
    expect(changedParameters(all, (name) => typed[name] ?? "")).toEqual({ public: { suffix: "corp.test" }, private: { admin: "new one" }, secret: { root: "hunter22" } });
  });

  it("leaves out what is to stay: a default, and a private value with nothing typed", () => {
    const typed: Readonly<Record<string, string>> = { suffix: "example.test", keys: "ssh-ed25519 A" };
    expect(changedParameters(all, (name) => typed[name] ?? "")).toEqual({ public: {}, private: {}, secret: {} });
  });

  it("can empty a public value that is kept", () => expect(changedParameters([keys], () => "")).toEqual({ public: { keys: "" }, private: {}, secret: {} }));

  it("misses what must be sent and isn't typed, by name", () => {
    expect(missingNames(all, () => false)).toEqual(["root"]);
    expect(missingNames(all, (name) => name === "root")).toEqual([]);
  });

  it("puts an error beside the parameter that it is about", () => {
    expect(parameterOfField("parameters.secret.root", all)).toBe("root");
    expect(parameterOfField("name", all)).toBeNull();
    expect(parameterOfField(null, all)).toBeNull();
  });
});
