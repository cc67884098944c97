import { describe, expect, test } from "vitest";
import type { NicNetwork, NodeNetworking, WantedNic } from "./nic-rules.ts";
import { everyNodeNicsProblem, hasChannelAddresses, neededNetworking, nodeNicsProblem, planNics } from "./nic-rules.ts";

const LAN: NicNetwork = { id: "1", name: "lan", purpose: "instances", mode: "bridged", link: "br0" };
const CHANNEL: NicNetwork = { id: "2", name: "communication", purpose: "communication", mode: "routed", link: null };
const ROUTED: NicNetwork = { id: "3", name: "wan", purpose: "instances", mode: "routed", link: null };
const NETWORKS = new Map([LAN, CHANNEL, ROUTED].map((network) => [network.name, network]));

function plan(...wanted: WantedNic[]) {
  return planNics(wanted, NETWORKS);
}

function planned(...wanted: WantedNic[]) {
  const found = plan(...wanted);
  if (!found.ok) throw new Error(found.problem.problem);
  return found.nics;
}

describe("a NIC", () => {
  test("for which nothing is said is in QEMU's own network, reached by SSH", () => {
    expect(planned({})).toEqual([{ mode: "user", link: null, name: null, network: null, ip: null, forwards: [22] }]);
  });

  test("in a network is connected as that is, unless it says otherwise", () => {
    expect(planned({ network: "lan" })).toMatchObject([{ mode: "bridged", link: "br0", network: LAN, forwards: [] }]);
    expect(planned({ network: "lan", link: "br7" })).toMatchObject([{ mode: "bridged", link: "br7" }]);
    // A bridge is no routing table.
    expect(planned({ network: "lan", mode: "routed", link: "100" })).toMatchObject([{ mode: "routed", link: "100" }]);
    expect(planned({ network: "wan", mode: "bridged", link: "br7" })).toMatchObject([{ mode: "bridged", link: "br7" }]);
  });

  test("may have no port forwarded", () => {
    expect(planned({ forwards: [] })).toMatchObject([{ forwards: [] }]);
  });

  test.each<[string, WantedNic]>([
    ["network", { network: "other" }],
    ["network", { network: "communication" }],
    ["network", { network: "lan", mode: "user" }],
    ["mode", { network: "lan", mode: "routed" }],
    ["mode", { network: "wan", mode: "bridged" }],
    ["ip", { network: "lan", ip: "2001:db8::1" }],
    ["ip", { ip: "169.254.9.9" }],
    ["ip", { mode: "routed" }],
    ["link", { mode: "bridged" }],
    ["link", { mode: "bridged", link: "br0/../x" }],
    ["link", { mode: "routed", ip: "192.0.2.7", link: "uplink" }],
    ["link", { mode: "routed", ip: "192.0.2.7", link: "255" }],
    ["ip", { mode: "routed", ip: "2001:db8::1" }],
    ["forwards", { network: "lan", forwards: [22] }],
  ])("is refused for its %s, which is named with its index: %j", (field, nic) => {
    expect(plan({}, nic)).toMatchObject({ ok: false, problem: { field: `nics[1].${field}` } });
  });
});

describe("a node", () => {
  const system: NodeNetworking = { mode: "system", networking: { bridges: ["br0"], routed: false } };
  const session: NodeNetworking = { mode: "session", networking: { bridges: ["br0"], routed: true } };

  test("in session mode has QEMU's own network alone", () => {
    expect(nodeNicsProblem(planned({}), "n1", session)).toBeNull();
    expect(nodeNicsProblem(planned({}, { network: "lan" }), "n1", session)).toMatchObject({ field: "nics[1].mode" });
    expect(nodeNicsProblem(planned({ network: "wan" }), "n1", session)).toMatchObject({ field: "nics[0].mode" });
  });

  test("in system mode has the bridges that it names, and routes where it makes some", () => {
    expect(nodeNicsProblem(planned({}, { network: "lan" }), "n1", system)).toBeNull();
    expect(nodeNicsProblem(planned({ mode: "bridged", link: "br9" }), "n1", system)).toMatchObject({ field: "nics[0].link" });
    expect(nodeNicsProblem(planned({ network: "wan" }), "n1", system)).toMatchObject({ field: "nics[0].mode" });
    expect(nodeNicsProblem(planned({ network: "wan" }), "n1", { ...system, networking: { bridges: [], routed: true } })).toBeNull();
  });

  test("that hasn't said what it has connects nothing but QEMU's own network", () => {
    expect(nodeNicsProblem(planned({}), "n1", null)).toBeNull();
    expect(nodeNicsProblem(planned({ network: "lan" }), "n1", null)).toMatchObject({ field: "nics[0].mode" });
  });

  test("gives guests addresses of the communication mechanism, but not in session mode, where QEMU has its own", () => {
    expect([hasChannelAddresses(system), hasChannelAddresses(session), hasChannelAddresses(null)]).toEqual([true, false, false]);
  });

  test("is looked for by the bridges and routes that an instance's NICs need", () => {
    expect(neededNetworking(planned({}, { network: "lan" }, { mode: "bridged", link: "br0" }))).toEqual({ bridges: ["br0"], routed: false });
    expect(neededNetworking(planned({ network: "wan" }))).toEqual({ bridges: [], routed: true });
  });
});

describe("nodes", () => {
  const session: NodeNetworking = { mode: "session", networking: { bridges: [], routed: false } };
  const system = (bridges: readonly string[], routed = false): NodeNetworking => ({ mode: "system", networking: { bridges, routed } });
  const problem = (nodes: readonly NodeNetworking[], ...wanted: WantedNic[]) => everyNodeNicsProblem(planned(...wanted), nodes);

  test("of which one connects all NICs, or of which nothing is known, are no reason to refuse", () => {
    expect(problem([session, system(["br0"])], {}, { network: "lan" })).toBeNull();
    expect(problem([session], {})).toBeNull();
    expect(problem([], { network: "lan" })).toBeNull();
  });

  test("that connect no such NIC are said to, with the NIC's field", () => {
    expect(problem([session, session], {}, { network: "lan" })).toMatchObject({ field: "nics[1].mode", problem: expect.stringContaining("SLIPWAY_MODE=system") as unknown });
    expect(problem([session, system(["br1"])], { network: "lan" })).toMatchObject({ field: "nics[0].link" });
    expect(problem([session, system(["br1"])], { network: "wan" })).toMatchObject({ field: "nics[0].mode" });
    expect(problem([system(["br0"]), system([], true)], { network: "lan" }, { network: "wan" })).toMatchObject({ field: "nics" });
  });
});
