import { describe, expect, it } from "vitest";
import type { NicView } from "#lib/domain/instance.ts";
import { areNicsChanged, changedNicBody, draftOfNic, NEW_NIC, newNicBody, nicField, nicProblem } from "./nic-draft.ts";

const lan: NicView = { id: "n1", index: 0, mac: "02:00:00:00:00:01", ip: "192.0.2.7", mode: "routed", link: "100", name: "front", network: "lan", forwards: [], reach: [] };
const own: NicView = { ...lan, network: null, mode: "user", link: null, name: null, ip: null, forwards: [22, 80] };

describe("a NIC as it is typed", () => {
  it("is sent with what belongs to its connection and nothing else", () => {
    const typed = { ...NEW_NIC, network: "lan", link: "br0", ip: " 192.0.2.7 ", forwards: "22 , 80" };
    expect(newNicBody({ ...typed, to: "user", ip: "" })).toEqual({ mode: "user", forwards: [22, 80] });
    expect(newNicBody({ ...typed, to: "network", mac: "02:00:00:00:00:01" })).toEqual({ network: "lan", ip: "192.0.2.7", mac: "02:00:00:00:00:01" });
    expect(newNicBody({ ...typed, to: "bridged", ip: "" })).toEqual({ mode: "bridged", link: "br0" });
  });

  it("keeps in a change what isn't on the form", () => {
    expect(changedNicBody(draftOfNic(lan), lan)).toEqual({ network: "lan", ip: "192.0.2.7", mode: "routed", link: "100", name: "front" });
    expect(changedNicBody({ ...draftOfNic(lan), network: "dmz", ip: "" }, lan)).toEqual({ network: "dmz", name: "front" });
    expect(areNicsChanged([lan, own].map(draftOfNic), [lan, own])).toBe(false);
    expect(areNicsChanged([draftOfNic(lan)], [lan, own])).toBe(true);
    expect(areNicsChanged([{ ...draftOfNic(own), forwards: "22" }], [own])).toBe(true);
  });

  it("says what is missing", () => {
    expect(nicProblem(NEW_NIC)).toBeNull();
    expect(nicProblem({ ...NEW_NIC, forwards: "22, ssh" })).toMatch(/numbers/);
    expect(nicProblem({ ...NEW_NIC, to: "network" })).toMatch(/network/);
    expect(nicProblem({ ...NEW_NIC, to: "bridged" })).toMatch(/bridge/);
    expect(nicProblem({ ...NEW_NIC, to: "routed" })).toMatch(/address/);
  });

  it("gets an error of the API beside its input", () => {
    expect([nicField("nics[1].ip"), nicField("nics[0].forwards[2]"), nicField("nics[0]"), nicField("name")]).toEqual([
      { index: 1, field: "ip" }, { index: 0, field: "forwards" }, { index: 0, field: null }, null,
    ]);
  });
});
