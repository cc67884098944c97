import { describe, expect, it } from "vitest";
import { addedKeys, keyProblem } from "./added-keys.ts";
import { sshKeyRows } from "./ssh-key-rows.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada@laptop";

describe("SSH keys", () => {
  it("are shown by type, comment and the fingerprint that ssh shows", () => {
    const [row] = sshKeyRows([KEY]);
    expect(row).toMatchObject({ line: KEY, type: "ssh-ed25519", comment: "ada@laptop" });
    expect(row?.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it("are shown even where they can't be read, so that they can be removed", () => {
    expect(sshKeyRows(["no key"])).toEqual([{ line: "no key", type: "unknown", fingerprint: null, comment: "" }]);
  });

  it("are added by the line, as a file of them has them, each once", () => {
    expect(addedKeys(`# mine\n${KEY}\r\n\n  ${KEY}\nssh-rsa AAAA b\n`, ["ssh-rsa AAAA b"])).toEqual([KEY]);
  });

  it("are counted as they were typed where one of them is refused", () => {
    expect(keyProblem("sshKeys[3]", 2)).toMatch(/^Key 2 /);
    expect([keyProblem("sshKeys[1]", 2), keyProblem("sshKeys", 2), keyProblem(null, 0)]).toEqual([null, null, null]);
  });
});
