/** Networks that can't be, and addresses that can't be reserved: each is refused by the field that is wrong, and nothing changes. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { Client } from "./client.ts";
import { openStack } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const owner = { name: `owner-${randomBytes(4).toString("hex")}`, password: randomBytes(12).toString("hex") };
const asOwner = Client.withPassword(stack.consoleUrl, owner.name, owner.password);
const name = `lab-${randomBytes(4).toString("hex")}`;
const at = `/api/v1/networks/${name}`;
const valid = { name: `${name}-2`, subnet: "10.98.0.0/24", link: "br0" };

const anything = z.record(z.string(), z.unknown());
/** Everything that there is to be told of networks. */
async function readNetworks(): Promise<unknown> {
  return [await admin.call("GET", "/api/v1/networks?limit=200", anything), await admin.call("GET", at, anything), await admin.call("GET", `${at}/addresses?limit=200`, anything)];
}

async function expectRefused(method: string, address: string, body: unknown, problem: object): Promise<void> {
  const refused = await admin.refused(method, address, body);
  expect(refused).toMatchObject(problem);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
}

let before: unknown;
beforeAll(async () => {
  await admin.call("POST", "/api/v1/users", anything, { ...owner, role: "owner" });
  await admin.call("POST", "/api/v1/networks", anything, { name, subnet: "10.96.0.0/16", gateway: "10.96.0.1", link: "br0" });
  before = await readNetworks();
});

afterAll(async () => {
  await admin.send("DELETE", at);
});

describe("a network that can't be", () => {
  it.each([
    ["a number of an address that is none", { subnet: "10.300.0.0/24" }, "subnet"],
    ["an address in the place of a subnet", { subnet: "10.98.0.0" }, "subnet"],
    ["a prefix that is none", { subnet: "10.98.0.0/33" }, "subnet"],
    ["a prefix without room", { subnet: "10.98.0.0/31" }, "subnet"],
    ["a prefix with too much room", { subnet: "10.0.0.0/7" }, "subnet"],
    ["bits of the host's part", { subnet: "10.98.0.7/24" }, "subnet"],
    ["an octal number", { subnet: "010.98.0.0/24" }, "subnet"],
    ["IPv6 as its subnet", { subnet: "2001:db8::/64" }, "subnet"],
    ["loopback", { subnet: "127.0.0.0/8" }, "subnet"],
    ["multicast", { subnet: "224.0.0.0/8" }, "subnet"],
    ["the communication mechanism's addresses", { subnet: "169.254.7.0/24" }, "subnet"],
    ["more text than any subnet has", { subnet: "1".repeat(65) }, "subnet"],
    ["what isn't text", { subnet: 10 }, "subnet"],
    ["no subnet", { subnet: undefined }, "subnet"],
    ["a gateway outside", { gateway: "10.99.0.1" }, "gateway"],
    ["a gateway that is the network's own address", { gateway: "10.98.0.0" }, "gateway"],
    ["a gateway that is the broadcast address", { gateway: "10.98.0.255" }, "gateway"],
    ["a gateway with a prefix", { gateway: "10.98.0.1/24" }, "gateway"],
    ["IPv6 as its gateway", { gateway: "2001:db8::1" }, "gateway"],
    ["IPv4 as its IPv6 subnet", { subnet6: "10.98.0.0/24" }, "subnet6"],
    ["bits of the host's part in IPv6", { subnet6: "2001:db8::1/64" }, "subnet6"],
    ["links' own IPv6 addresses", { subnet6: "fe80::/64" }, "subnet6"],
    ["an IPv6 gateway without a subnet", { gateway6: "2001:db8::1" }, "gateway6"],
    ["an IPv6 gateway outside", { subnet6: "2001:db8::/64", gateway6: "2001:db9::1" }, "gateway6"],
    ["IPv4 as its IPv6 gateway", { subnet6: "2001:db8::/64", gateway6: "10.98.0.1" }, "gateway6"],
    ["a name in the place of a DNS server", { dns: ["10.98.0.2", "dns.example.org"] }, "dns[1]"],
    ["nine DNS servers", { dns: Array.from({ length: 9 }, (_, index) => `10.98.0.${String(index + 2)}`) }, "dns"],
    ["no link where it is bridged", { link: null }, "link"],
    ["a link with an option behind it", { link: "br0,script=/tmp/x" }, "link"],
    ["a link that is a path", { link: "../br0" }, "link"],
    ["a link with a line feed", { link: "br0\nup" }, "link"],
    ["a link longer than an interface's name", { link: "b".repeat(16) }, "link"],
    ["a routing table that is none", { mode: "routed", link: "main;reboot" }, "link"],
    ["an unknown mode", { mode: "openvswitch" }, "mode"],
    ["an unknown purpose", { purpose: "guests" }, "purpose"],
    ["a gateway for the communication mechanism", { purpose: "communication", link: null, gateway: "10.98.0.1" }, "gateway"],
    ["a bridge for the communication mechanism", { purpose: "communication" }, "link"],
    ["a name in capitals", { name: "Lab" }, "name"],
    ["a name with a slash", { name: "lab/2" }, "name"],
    ["a name that is a way up", { name: ".." }, "name"],
    ["a name with a line feed behind it", { name: "lab\n" }, "name"],
    ["a name of 64 characters", { name: "l".repeat(64) }, "name"],
    ["an unknown field", { vlan: 7 }, "vlan"],
  ] as const)("%s", async (_what, change, field) => {
    await expectRefused("POST", "/api/v1/networks", { ...valid, ...change }, { code: "invalid", field });
  });

  it("addresses that the communication mechanism's would have as well", async () => {
    await expectRefused("POST", "/api/v1/networks", { ...valid, purpose: "communication", link: null, subnet: "10.96.7.0/24" }, { code: "conflict", field: "subnet", status: 409 });
  });

  it("a name that is taken", async () => {
    await expectRefused("POST", "/api/v1/networks", { ...valid, name }, { code: "exists", field: "name", status: 409 });
  });
});

describe("a change of a network that can't be", () => {
  it.each([
    ["a gateway outside", { gateway: "10.97.0.1" }, "gateway"],
    ["IPv6 as its gateway", { gateway: "fe80::1" }, "gateway"],
    ["bits of the host's part", { subnet: "10.96.0.1/16" }, "subnet"],
    ["a subnet without its gateway", { subnet: "10.95.0.0/16" }, "gateway"],
    ["no link", { link: null }, "link"],
    ["another name", { name: "other" }, "name"],
    ["another purpose", { purpose: "communication" }, "purpose"],
  ] as const)("%s", async (_what, change, field) => {
    await expectRefused("PATCH", at, change, { code: "invalid", field });
  });

  it("deletion of the communication mechanism's last", async () => {
    await expectRefused("DELETE", "/api/v1/networks/communication", undefined, { code: "conflict" });
  });

  it.each([
    ["GET", at, undefined],
    ["PATCH", at, { dns: ["10.96.0.2"] }],
    ["DELETE", at, undefined],
    ["POST", `${at}/reservations`, { first: "10.96.0.9", last: "10.96.0.9" }],
    ["DELETE", `${at}/reservations?first=10.96.0.9&last=10.96.0.9`, undefined],
    ["POST", "/api/v1/networks", valid],
  ] as const)("by somebody else than an administrator: %s %s", async (method, address, body) => {
    expect(await asOwner.refused(method, address, body)).toMatchObject({ code: "not_allowed", status: 403 });
  });
});

describe("addresses that can't be reserved", () => {
  it.each([
    ["4,097 of them", { first: "10.96.16.0", last: "10.96.32.0" }, { code: "too_large", field: "last", status: 413 }],
    ["from the last to the first", { first: "10.96.1.9", last: "10.96.1.8" }, { code: "invalid", field: "last" }],
    ["from outside", { first: "10.95.255.255", last: "10.96.0.9" }, { code: "invalid", field: "first" }],
    ["to the outside", { first: "10.96.0.9", last: "10.97.0.0" }, { code: "invalid", field: "last" }],
    ["of IPv6", { first: "::ffff:10.96.0.9", last: "10.96.0.10" }, { code: "invalid", field: "first" }],
    ["a subnet of them", { first: "10.96.1.0/28", last: "10.96.1.15" }, { code: "invalid", field: "first" }],
    ["without an end", { first: "10.96.1.0" }, { code: "invalid", field: "last" }],
    ["with a note of 201 characters", { first: "10.96.1.0", last: "10.96.1.0", note: "n".repeat(201) }, { code: "invalid", field: "note" }],
  ] as const)("%s", async (_what, body, problem) => {
    await expectRefused("POST", `${at}/reservations`, body, problem);
    // A release has no note.
    if (!("note" in body)) await expectRefused("DELETE", `${at}/reservations?${new URLSearchParams(body).toString()}`, undefined, problem);
  });

  it("of a network that isn't there", async () => {
    await expectRefused("POST", "/api/v1/networks/nosuch/reservations", { first: "10.96.0.9", last: "10.96.0.9" }, { code: "unknown_object", status: 404 });
  });
});

it("has changed nothing", async () => {
  expect(await readNetworks()).toEqual(before);
});
