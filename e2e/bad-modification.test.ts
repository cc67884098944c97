/** Modifications of an instance, and lines for its channel, that can't be: refused by the field and never with a value, and nothing changes. */
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { acceptedSchema, Client } from "./client.ts";
import { openStack, registerDefinition } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const makeOwner = () => ({ name: `owner-${randomBytes(4).toString("hex")}`, password: randomBytes(12).toString("hex") });
const [owner, stranger] = [makeOwner(), makeOwner()];
const asOwner = Client.withPassword(stack.consoleUrl, owner.name, owner.password);
const asStranger = Client.withPassword(stack.consoleUrl, stranger.name, stranger.password);
const name = `still-${randomBytes(4).toString("hex")}`;
const at = `/api/v1/instances/${name}`;

/** What no answer may repeat. */
const CANARY = `canary${randomBytes(8).toString("hex")}`;
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIgqxaSCM8kJnvQyPbZPN/IZn8gvFpNTqLjYpZqUgjfR";

const anything = z.record(z.string(), z.unknown());
/** Everything that there is to be told of it. */
async function readEverything(): Promise<unknown> {
  return [await admin.call("GET", at, anything), await admin.call("GET", `${at}/channel?limit=500`, anything)];
}

async function expectRefused(client: Client, method: string, address: string, body: unknown, problem: object): Promise<void> {
  const refused = await client.refused(method, address, body);
  expect(refused).toMatchObject(problem);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
  expect(JSON.stringify(refused)).not.toContain(CANARY);
}

let before: unknown;
beforeAll(async () => {
  for (const account of [owner, stranger]) await admin.call("POST", "/api/v1/users", anything, { ...account, role: "owner" });
  await registerDefinition(stack, "speaker");
  const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
    name,
    owner: owner.name,
    osType: "speaker+default",
    memoryMib: 128,
    disks: [{ sizeMib: 64 }],
    start: false,
    sshKeys: [KEY],
    userData: "#cloud-config\n",
    parameters: { secret: { passphrase: randomBytes(12).toString("hex") } },
  });
  expect(await admin.follow(installId)).toMatchObject({ state: "done" });
  before = await readEverything();
});

afterAll(async () => {
  await admin.send("DELETE", at);
});

describe("a modification that can't be", () => {
  it.each([
    ["nothing to change", {}, { field: "instance" }],
    ["an unknown field", { userdata: CANARY }, { field: "userdata" }],
    ["a field of its creation", { memoryMib: 128 }, { field: "memoryMib" }],
    ["a key with an option", { sshKeys: [`command="/bin/${CANARY}" ${KEY}`] }, { field: "sshKeys[0]" }],
    ["a key with an option behind one without", { sshKeys: [KEY, `no-pty ${KEY} ${CANARY}`] }, { field: "sshKeys[1]" }],
    ["two keys in one", { sshKeys: [`${KEY} one\n${KEY} ${CANARY}`] }, { field: "sshKeys[0]" }],
    ["a key with a carriage return", { sshKeys: [`${KEY} one\r${CANARY}`] }, { field: "sshKeys[0]" }],
    ["a private key", { sshKeys: [`-----BEGIN OPENSSH PRIVATE KEY----- ${CANARY}`] }, { field: "sshKeys[0]" }],
    ["a key of another type than it says", { sshKeys: [KEY.replace("ssh-ed25519", "ssh-rsa")] }, { field: "sshKeys[0]" }],
    ["an unknown type of key", { sshKeys: [KEY.replace("ssh-ed25519", "ssh-dss")] }, { field: "sshKeys[0]" }],
    ["keys that are no list", { sshKeys: KEY }, { field: "sshKeys" }],
    ["65 keys", { sshKeys: Array.from({ length: 65 }, () => KEY) }, { field: "sshKeys" }],
    ["17 KiB of user data", { userData: CANARY.repeat(17 * 1_024).slice(0, 17 * 1_024) }, { field: "userData" }],
    ["user data with NUL", { userData: `${CANARY}\0` }, { field: "userData" }],
    ["empty user data", { userData: "" }, { field: "userData" }],
    ["a mask as user data", { userData: "********" }, { field: "userData" }],
    ["another mask as user data", { userData: "<redacted>" }, { field: "userData" }],
    ["what is read of user data as user data", { userData: { isSet: true, fingerprint: CANARY } }, { field: "userData" }],
    ["a datasource that isn't one", { datasource: CANARY }, { field: "datasource" }],
    ["communication as text", { communication: "yes" }, { field: "communication" }],
    ["a bridged NIC where the node has none", { nics: [{ mode: "bridged", link: "br0" }] }, { field: "nics[0].mode" }],
    ["a routed NIC where the node has none", { nics: [{}, { mode: "routed", ip: "192.0.2.7" }] }, { field: "nics[1].mode" }],
    ["a mode that isn't one", { nics: [{ mode: "openvswitch" }] }, { field: "nics[0].mode" }],
    ["a network that isn't there", { nics: [{ network: "nosuch" }] }, { field: "nics[0].network" }],
    ["the communication mechanism's network", { nics: [{ network: "communication" }] }, { field: "nics[0].network" }],
    ["a network's name with a quote", { nics: [{ network: "lab'--" }] }, { field: "nics[0].network" }],
    ["an address that isn't one", { nics: [{ ip: "192.0.2" }] }, { field: "nics[0].ip" }],
    ["an address of the communication mechanism", { nics: [{ ip: "169.254.169.254" }] }, { field: "nics[0].ip" }],
    ["a MAC address, which stays", { nics: [{ mac: "52:54:00:00:00:01" }] }, { field: "nics[0].mac" }],
    ["port 0", { nics: [{ forwards: [0] }] }, { field: "nics[0].forwards[0]" }],
    ["a port beyond the last", { nics: [{ forwards: [22, 65_536] }] }, { field: "nics[0].forwards[1]" }],
    ["a port twice", { nics: [{ forwards: [22, 22] }] }, { field: "nics[0].forwards" }],
    ["17 ports", { nics: [{ forwards: Array.from({ length: 17 }, (_, index) => index + 1) }] }, { field: "nics[0].forwards" }],
    ["ports of a NIC that has none", { nics: [{ mode: "bridged", link: "br0", forwards: [22] }] }, { field: "nics[0].forwards" }],
    ["a link with an option behind it", { nics: [{ mode: "bridged", link: "br0,script=/tmp/x" }] }, { field: "nics[0].link" }],
    ["nine NICs", { nics: Array.from({ length: 9 }, () => ({})) }, { field: "nics" }],
  ] as const)("%s", async (_what, change, problem) => {
    await expectRefused(admin, "PATCH", at, change, problem);
    // One that is wrong keeps the others from being taken.
    if (Object.keys(change).length > 0) await expectRefused(admin, "PATCH", at, { communication: true, ...change }, problem);
  });

  it("an owner's of NICs, and a stranger's of anything", async () => {
    await expectRefused(asOwner, "PATCH", at, { nics: [{ forwards: [80] }] }, { code: "not_allowed", status: 403 });
    await expectRefused(asStranger, "PATCH", at, { userData: CANARY }, { code: "unknown_object", status: 404 });
  });
});

describe("a line that can't be sent", () => {
  it.each([
    ["with a line feed", { line: `${CANARY}\nmore` }, { code: "invalid", field: "line" }],
    ["with a carriage return", { line: `${CANARY}\rmore` }, { code: "invalid", field: "line" }],
    ["with NUL", { line: `${CANARY}\0` }, { code: "invalid", field: "line" }],
    ["of 5 KiB", { line: CANARY.repeat(5 * 1_024).slice(0, 5 * 1_024) }, { code: "invalid", field: "line" }],
    ["of 5 KiB in fewer characters", { line: "ü".repeat(2_560) }, { code: "invalid", field: "line" }],
    ["that is empty", { line: "" }, { code: "invalid", field: "line" }],
    ["that is no text", { line: [CANARY] }, { code: "invalid", field: "line" }],
    ["under an id that isn't one", { id: CANARY, line: "x" }, { code: "invalid", field: "id" }],
    ["by another author", { line: "x", author: CANARY }, { code: "invalid", field: "author" }],
    ["without a line", {}, { code: "invalid", field: "line" }],
    ["to an instance that doesn't run", { line: CANARY }, { code: "conflict", field: "instance", status: 409 }],
  ] as const)("%s", async (_what, body, problem) => {
    await expectRefused(admin, "POST", `${at}/channel`, body, problem);
  });

  it("by a stranger, nor read, nor to an instance that isn't there", async () => {
    await expectRefused(asStranger, "POST", `${at}/channel`, { line: CANARY }, { code: "unknown_object", status: 404 });
    await expectRefused(asStranger, "GET", `${at}/channel`, undefined, { code: "unknown_object", status: 404 });
    await expectRefused(admin, "POST", "/api/v1/instances/nosuch/channel", { id: randomUUID(), line: CANARY }, { code: "unknown_object", status: 404 });
  });

  it.each([["before=0x7"], ["before=-1"], ["limit=501"], ["limit=0"], ["after=1"]])("and lines can't be read by %s", async (query) => {
    await expectRefused(asOwner, "GET", `${at}/channel?${query}`, undefined, { code: "invalid", field: query.split("=", 1)[0] });
  });
});

it("has changed nothing", async () => {
  expect(await readEverything()).toEqual(before);
});
