import { describe, expect, it } from "vitest";
import { draftBody, draftField, isAbout } from "./create-draft.ts";

const draft = { name: "web-3", owner: "", node: "", vcpus: "2", memoryMib: "1024", disks: ["2.5", "10"], mac: "", ip: "", start: true };

describe("the request of a new instance", () => {
  it("has sizes in MiB, and leaves to the controller what is left empty", () => {
    expect(draftBody(draft, "debian")).toEqual({ name: "web-3", osType: "debian", vcpus: 2, memoryMib: 1024, disks: [{ sizeMib: 2560 }, { sizeMib: 10240 }], nics: [{}], start: true });
  });

  it("names what was chosen", () => {
    expect(draftBody({ ...draft, owner: "ada", node: "node1", mac: "aa:00:00:00:00:01" }, "debian")).toMatchObject({ owner: "ada", node: "node1", nics: [{ mac: "aa:00:00:00:00:01" }] });
  });

  it("finds the input of a refused field", () => {
    expect(["name", "disks[0].sizeMib", "nics[0].mac", "nics.0.ip", "parameters.secret.x", null].map(draftField)).toEqual(["name", "disks", "mac", "ip", null, null]);
  });

  it("forgets what was refused when it is typed anew, and nothing else", () => {
    expect([isAbout("name", { name: "web-4" }), isAbout("disks[0].sizeMib", { disks: ["4"] }), isAbout("nics[0].mac", { mac: "" })]).toEqual([true, true, true]);
    expect([isAbout("name", { owner: "ada" }), isAbout("osparams.root_password", { name: "web-4" }), isAbout(null, { name: "web-4" })]).toEqual([false, false, false]);
  });
});
