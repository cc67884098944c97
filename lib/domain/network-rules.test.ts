import { describe, expect, test } from "vitest";
import type { NetworkFields } from "./network-rules.ts";
import { networkProblem, ownAddresses } from "./network-rules.ts";

const LAN: NetworkFields = { purpose: "instances", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: "2001:db8::/64", gateway6: "fe80::1", dns: ["192.0.2.2", "2001:db8::2"], mode: "bridged", link: "br0" };
const CHANNEL: NetworkFields = { purpose: "communication", subnet: "169.253.0.0/16", gateway: null, subnet6: null, gateway6: null, dns: [], mode: "routed", link: null };

describe("a network", () => {
  test.each<[string, NetworkFields]>([
    ["of bridged NICs", LAN],
    ["of routed NICs, without a routing table of its own", { ...LAN, mode: "routed", link: null }],
    ["of the smallest size", { ...LAN, subnet: "192.0.2.0/30", gateway: "192.0.2.2" }],
    ["without a gateway", { ...LAN, gateway: null, subnet6: null, gateway6: null, dns: [] }],
    ["of the communication mechanism", CHANNEL],
  ])("may be one %s", (_what, network) => {
    expect(networkProblem(network)).toBeNull();
  });

  test.each<[string, Partial<NetworkFields>]>([
    ["subnet", { subnet: "192.0.2.0" }],
    ["subnet", { subnet: "192.0.2.1/24" }],
    ["subnet", { subnet: "192.0.2.0/31" }],
    ["subnet", { subnet: "0.0.0.0/7" }],
    ["subnet", { subnet: "127.0.0.0/24", gateway: null }],
    ["subnet", { subnet: "224.0.0.0/24", gateway: null }],
    ["subnet", { subnet: "169.254.7.0/24", gateway: null }],
    ["gateway", { gateway: "192.0.3.1" }],
    ["gateway", { gateway: "192.0.2.0" }],
    ["gateway", { gateway: "192.0.2.255" }],
    ["gateway", { gateway: "router" }],
    ["subnet6", { subnet6: "2001:db8::" }],
    ["subnet6", { subnet6: "2001:db8::1/64" }],
    ["subnet6", { subnet6: "fe80::/64" }],
    ["subnet6", { subnet6: "2001:db8::/127" }],
    ["gateway6", { gateway6: "2001:db9::1" }],
    ["gateway6", { subnet6: null }],
    ["dns[1]", { dns: ["192.0.2.2", "resolver"] }],
    ["link", { link: null }],
    ["link", { link: "br0; reboot" }],
    ["link", { link: "a-name-that-is-too-long" }],
    ["link", { link: "../br0" }],
  ])("is refused for its %s: %j", (field, change) => {
    expect(networkProblem({ ...LAN, ...change })).toMatchObject({ field });
  });

  test.each<[string, Partial<NetworkFields>]>([
    ["gateway", { gateway: "169.253.0.1" }],
    ["subnet6", { subnet6: "2001:db8::/64" }],
    ["dns[0]", { dns: ["no"] }],
    ["mode", { mode: "bridged" }],
    ["link", { link: "br0" }],
  ])("of the communication mechanism leads to the host alone: its %s", (field, change) => {
    expect(networkProblem({ ...CHANNEL, ...change })?.field).toBe(field === "dns[0]" ? "dns" : field);
  });
});

describe("a network's own addresses", () => {
  test("are its first and last, and its gateway", () => {
    expect([...ownAddresses(LAN)]).toEqual([[0, "network address"], [1, "gateway"], [255, "broadcast address"]]);
  });

  test("are where guests find their host as well, in the communication mechanism's", () => {
    expect([...ownAddresses({ subnet: "169.254.0.0/16", gateway: null }).keys()]).toEqual([0, 43_516, 43_517, 43_518, 65_535]);
  });
});
