import { describe, expect, it } from "vitest";
import type { NetworkView } from "#lib/domain/network.ts";
import { draftOfNetwork, draftProblem, EMPTY_NETWORK, missingOf, networkChanges, networkField, newNetworkBody } from "./network-draft.ts";

const lan: NetworkView = {
  id: "n", name: "lan", purpose: "instances", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: null, gateway6: null, dns: ["192.0.2.53"], mode: "bridged", link: "br0",
  size: 254, taken: 3, reserved: 1, serialNo: 2, createdAt: "2026-11-20T08:00:00.000Z", updatedAt: "2026-11-20T08:00:00.000Z",
};

describe("a network as it is typed", () => {
  it("is sent without what was left empty", () => {
    expect(newNetworkBody({ ...EMPTY_NETWORK, name: " lan ", subnet: "192.0.2.0/24", dns: "192.0.2.53, 192.0.2.54", link: "br0" })).toEqual({
      name: "lan", purpose: "instances", subnet: "192.0.2.0/24", dns: ["192.0.2.53", "192.0.2.54"], mode: "bridged", link: "br0",
    });
  });

  it("has nothing but a subnet where it is for channels", () => {
    expect(newNetworkBody({ ...EMPTY_NETWORK, name: "com-2", purpose: "communication", subnet: "100.64.0.0/16", gateway: "100.64.0.1", link: "br0" })).toEqual({ name: "com-2", purpose: "communication", subnet: "100.64.0.0/16" });
  });

  it("is changed only where it was changed", () => {
    expect(networkChanges(draftOfNetwork(lan), lan)).toEqual({});
    expect(networkChanges({ ...draftOfNetwork(lan), gateway: " ", dns: "192.0.2.53  192.0.2.54", name: "other" }, lan)).toEqual({ gateway: null, dns: ["192.0.2.53", "192.0.2.54"] });
    expect(networkChanges({ ...draftOfNetwork(lan), mode: "routed", link: "" }, lan)).toEqual({ mode: "routed", link: null });
  });

  it("says what is missing or wrong before it is sent", () => {
    expect(missingOf(EMPTY_NETWORK)).toBe("A name is missing");
    expect(missingOf({ ...EMPTY_NETWORK, name: "lan", subnet: "192.0.2.0/24" })).toBe("The name of a bridge is missing");
    expect(missingOf({ ...EMPTY_NETWORK, name: "lan", subnet: "192.0.2.0/24", mode: "routed" })).toBeNull();
    expect(draftProblem({ ...EMPTY_NETWORK, name: "Lan" })?.field).toBe("name");
    expect(draftProblem({ ...EMPTY_NETWORK, subnet: "192.0.2.0" })?.field).toBe("subnet");
    expect(draftProblem({ ...EMPTY_NETWORK, link: "br0; reboot" })?.field).toBe("link");
  });

  it("gets an error of the API beside the input that it is about", () => {
    expect([networkField("dns[1]"), networkField("gateway"), networkField("unheardOf"), networkField(null)]).toEqual(["dns", "gateway", null, null]);
  });
});
