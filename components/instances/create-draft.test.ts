import { describe, expect, it } from "vitest";
import { NEW_NIC } from "#components/nics/nic-draft.ts";
import { draftBody, draftField, isAbout } from "./create-draft.ts";

const draft = { name: "web-3", owner: "", node: "", vcpus: "2", memoryMib: "1024", disks: ["2.5", "10"], nics: [NEW_NIC], communication: false, sshKeys: "", start: true };

describe("the request of a new instance", () => {
  it("has sizes in MiB, and leaves to the controller what is left empty", () => {
    expect(draftBody(draft, "debian")).toEqual({ name: "web-3", osType: "debian", vcpus: 2, memoryMib: 1024, disks: [{ sizeMib: 2560 }, { sizeMib: 10240 }], nics: [{ mode: "user", forwards: [22] }], start: true });
  });

  it("names what was chosen", () => {
    expect(draftBody({ ...draft, owner: "ada", node: "node1", nics: [{ ...NEW_NIC, to: "network", network: "lan", mac: "aa:00:00:00:00:01" }], communication: true, sshKeys: "ssh-rsa AAAA a\n\nssh-rsa BBBB b" }, "debian")).toMatchObject({
      owner: "ada", node: "node1", nics: [{ network: "lan", mac: "aa:00:00:00:00:01" }], communication: true, sshKeys: ["ssh-rsa AAAA a", "ssh-rsa BBBB b"],
    });
  });

  it("finds the input of a refused field", () => {
    expect(["name", "disks[0].sizeMib", "nics[0].mac", "sshKeys[3]", "userData", "parameters.secret.x", null].map(draftField)).toEqual(["name", "disks", "nics", "sshKeys", "userData", null, null]);
  });

  it("forgets what was refused when it is typed anew, and nothing else", () => {
    expect([isAbout("name", { name: "web-4" }), isAbout("disks[0].sizeMib", { disks: ["4"] }), isAbout("nics[0].mac", { nics: [] })]).toEqual([true, true, true]);
    expect([isAbout("name", { owner: "ada" }), isAbout("osparams.root_password", { name: "web-4" }), isAbout(null, { name: "web-4" })]).toEqual([false, false, false]);
  });
});
