import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AgentEvent, ChannelLine } from "#lib/agent-protocol/messages.ts";
import { provideGuestData } from "#lib/agents/provide-guest-data.ts";
import { listChannelLines } from "#lib/channel/list-channel-lines.ts";
import { sendToGuestInputSchema } from "#lib/channel/schemas.ts";
import { sendToGuest } from "#lib/channel/send-to-guest.ts";
import { AgentRefusal } from "#lib/agent-protocol/refusal.ts";
import type { GuestData } from "#lib/agent-protocol/messages.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { sealUserData } from "#lib/instances/user-data.ts";
import { ingestAgentEvents } from "./ingest-agent-events.ts";
import { agentEvents } from "./testing.ts";

let open: TestServices;
let services: Services;
let admin: RequestContext;
let owner: RequestContext;
let other: RequestContext;
let nodeId: string;
let webId: string;
let foreignId: string;
let journal: string;
let seq: number;

const HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIIgqxaSCM8kJnvQyPbZPN/IZn8gvFpNTqLjYpZqUgjfR";

beforeAll(async () => {
  open = await openTestServices();
  ({ services } = open);
  admin = contextOf(services, await insertUser(services, { name: "admin", role: "administrator" }));
  const user = await insertUser(services, { name: "owner", role: "owner" });
  owner = contextOf(services, user);
  other = contextOf(services, await insertUser(services, { name: "other", role: "owner" }));
  const node = await services.db.node.create({ data: { name: "node1", state: "online" } });
  const elsewhere = await services.db.node.create({ data: { name: "node2", state: "online" } });
  nodeId = node.id;
  const nics = { create: [{ index: 0, mac: "52:54:00:00:00:01", forwards: [22, 80] }] };
  webId = (await services.db.instance.create({ data: { name: "web.test", nodeId, ownerId: user.userId, memoryMib: 64, communication: true, nics } })).id;
  foreignId = (await services.db.instance.create({ data: { name: "foreign.test", nodeId: elsewhere.id, memoryMib: 64 } })).id;
});
afterAll(() => open.close());
beforeEach(() => {
  journal = randomUUID();
  seq = 0;
});

interface Unnumbered {
  readonly type: AgentEvent["type"];
  readonly [field: string]: unknown;
}

function say(...events: Unnumbered[]): Promise<number> {
  const at = new Date().toISOString();
  return ingestAgentEvents(services, { nodeId, journal }, agentEvents(...events.map((event) => ({ ...event, seq: (seq += 1), at }))));
}

function lines(instanceId: string, ...texts: string[]): Unnumbered {
  const at = new Date().toISOString();
  return { type: "instance.lines", instanceId, lines: texts.map((text): ChannelLine => ({ at, kind: "log", author: "guest", text, step: null, percent: null })) };
}

async function texts(ctx = owner, limit = 500): Promise<(string | null)[]> {
  return (await listChannelLines(ctx, "web.test", { limit })).items.map(({ text }) => text);
}

async function lastEvents(count: number): Promise<unknown[]> {
  return (await services.db.event.findMany({ orderBy: { id: "desc" }, take: count })).map(({ payload }) => payload);
}

describe("what a running guest says", () => {
  test("is read newest first, by who may, and the feed says that there is something", async () => {
    await say(lines(webId, "one", "two"), lines(foreignId, "not this node's"), lines(webId, "three"));
    expect(await texts()).toEqual(["three", "two", "one"]);
    const page = await listChannelLines(owner, "web.test", { limit: 2 });
    expect(page.next).toBe(page.items[1]?.id);
    expect((await listChannelLines(owner, "web.test", { limit: 2, before: page.next ?? "" })).items.map(({ text }) => text)).toEqual(["one"]);
    expect(await lastEvents(1)).toEqual([{ type: "instance.lines", name: "web.test", lastId: page.items[0]?.id }]);
    expect(await services.db.channelLine.count({ where: { instanceId: foreignId } })).toBe(0);
    await expect(texts(other)).rejects.toMatchObject({ code: "unknown_object" });
    await expect(listChannelLines(owner, "web.test", { limit: 501 })).rejects.toMatchObject({ code: "invalid" });
    await expect(listChannelLines(owner, "web.test", { limit: 1, before: "1; --" })).rejects.toMatchObject({ code: "invalid", field: "before" });
  });

  test("is kept to the last 500 lines, in one batch or many", async () => {
    await say(lines(webId, ...Array.from({ length: 500 }, (_, n) => `a${n}`)), lines(webId, ...Array.from({ length: 30 }, (_, n) => `b${n}`)));
    expect((await texts()).slice(0, 31)).toEqual([...Array.from({ length: 30 }, (_, n) => `b${29 - n}`), "a499"]);
    await say(lines(webId, "last"));
    const found = await texts();
    expect(found).toHaveLength(500);
    expect([found[0], found.at(-1)]).toEqual(["last", "a31"]);
    expect(await services.db.channelLine.count({ where: { instanceId: webId } })).toBe(500);
  });

  test("is taken in once, however often it is said", async () => {
    const event = { ...lines(webId, "once"), seq: 5, at: new Date().toISOString() };
    // Numbered above, which the type of a union's part can't say.
    const batch = [event] as unknown as AgentEvent[];
    await ingestAgentEvents(services, { nodeId, journal }, batch);
    await ingestAgentEvents(services, { nodeId, journal }, batch);
    expect((await texts()).filter((text) => text === "once")).toHaveLength(1);
  });
});

describe("what an agent says of a guest", () => {
  test("has its ports' addresses by NIC while it runs, and none afterwards", async () => {
    const reach = [22, 80].map((guestPort) => ({ nic: 0, guestPort, host: "127.0.0.1", port: 40_000 + guestPort }));
    await say({ type: "instance.power", instanceId: webId, power: "running", reason: null, reach });
    expect((await getInstance(owner, "web.test")).nics[0]?.reach).toEqual(reach.map(({ guestPort, host, port }) => ({ guestPort, host, port })));
    // Started anew between two looks: only where it is reached has changed.
    await say({ type: "instance.power", instanceId: webId, power: "running", reason: null, reach: [{ nic: 0, guestPort: 22, host: "127.0.0.1", port: 50_000 }] });
    expect((await getInstance(owner, "web.test")).nics[0]?.reach).toEqual([{ guestPort: 22, host: "127.0.0.1", port: 50_000 }]);
    expect(await lastEvents(1)).toEqual([{ type: "instance.changed", name: "web.test" }]);
    const before = await services.db.event.count();
    await say({ type: "instance.power", instanceId: webId, power: "running", reason: null, reach: [{ nic: 0, guestPort: 22, host: "127.0.0.1", port: 50_000 }] });
    expect(await services.db.event.count()).toBe(before);
    await say({ type: "instance.power", instanceId: webId, power: "stopped", reason: null, reach: [] });
    expect(await getInstance(owner, "web.test")).toMatchObject({ operState: "stopped", nics: [{ reach: [] }] });
  });

  test("has its SSH host keys with their fingerprints, and not what is none", async () => {
    await say({ type: "instance.host-keys", instanceId: webId, keys: [{ type: "ssh-ed25519", key: HOST_KEY }, { type: "ssh-rsa", key: HOST_KEY }, { type: "ssh-ed25519", key: "<script>" }] }, { type: "instance.host-keys", instanceId: foreignId, keys: [{ type: "ssh-ed25519", key: HOST_KEY }] });
    const { hostKeys } = await getInstance(owner, "web.test");
    expect(hostKeys).toEqual([{ type: "ssh-ed25519", key: HOST_KEY, fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/) as unknown }]);
    expect((await getInstance(admin, "foreign.test")).hostKeys).toBeNull();
    await say({ type: "instance.host-keys", instanceId: webId, keys: [] });
    expect((await getInstance(owner, "web.test")).hostKeys).toHaveLength(1);
  });
});

describe("a line to a guest", () => {
  const sent: unknown[] = [];
  let refusal: Error | null = null;

  function speaking(ctx: RequestContext): RequestContext {
    const { agents } = ctx.services;
    const client = () => Promise.resolve({
      sendToGuest: (instanceId: string, message: object) => {
        sent.push({ instanceId, ...message });
        return refusal === null ? Promise.resolve() : Promise.reject(refusal);
      },
    });
    // Of a node's client this is what is called.
    return { ...ctx, services: { ...ctx.services, agents: { ...agents, client: client as unknown as typeof agents.client } } };
  }

  test("goes with its author's name and an id, is on record without its text, and is for who may", async () => {
    const id = randomUUID();
    expect(await sendToGuest(speaking(owner), "web.test", { id, line: "go on" })).toEqual({ id });
    expect(sent.at(-1)).toEqual({ instanceId: webId, id, author: "user owner", line: "go on" });
    expect(await services.db.auditEntry.findFirst({ orderBy: { id: "desc" } })).toMatchObject({ action: "instance.channel", objectName: "web.test", outcome: "done", details: { id } });
    await expect(sendToGuest(speaking(other), "web.test", { line: "hello" })).rejects.toMatchObject({ code: "unknown_object" });
  });

  test.each<[ErrorCode, ErrorCode]>([
    ["unknown_object", "conflict"],
    ["conflict", "conflict"],
    ["unsupported", "conflict"],
    ["too_many_requests", "too_many_requests"],
    ["too_large", "too_large"],
  ])("that the agent refuses as %s is refused as %s", async (said, answered) => {
    refusal = new AgentRefusal(said, "The agent's words.", undefined);
    await expect(sendToGuest(speaking(owner), "web.test", { line: "x" })).rejects.toMatchObject({ code: answered });
    refusal = null;
  });

  test.each(["", "two\nlines", "nul\0", "ä".repeat(2_049)])("isn't %.12j", (line) => {
    expect(sendToGuestInputSchema.safeParse({ line }).success).toBe(false);
  });
});

describe("an agent that was restarted", () => {
  test("is given the private values of its own running guests, and one that fails takes nothing from the others", async () => {
    const { db, keyring } = services;
    const broken = await db.instance.create({ data: { name: "broken.test", nodeId, memoryMib: 64, userData: Uint8Array.from(sealUserData(keyring, webId, privateValue("of another place"))) } });
    await db.instance.update({ where: { id: webId }, data: { userData: sealUserData(keyring, webId, privateValue("user-data-canary")) } });
    await db.instanceParameter.createMany({
      data: [
        { instanceId: webId, name: "suffix", visibility: "public", publicValue: ".test" },
        { instanceId: webId, name: "password", visibility: "private", privateValue: keyring.seal(privateValue("private-canary"), { kind: "instance", instanceId: webId, name: "password" }) },
        { instanceId: webId, name: "root", visibility: "secret" },
      ],
    });
    const given = new Map<string, GuestData>();
    const client = {
      wantedGuestData: () => Promise.resolve([broken.id, foreignId, webId, randomUUID()]),
      putGuestData: (id: string, data: GuestData) => {
        given.set(id, data);
        return Promise.resolve();
      },
    };
    await provideGuestData(services, nodeId, client, new AbortController().signal);
    expect([...given.keys()]).toEqual([webId]);
    const data = given.get(webId);
    expect(data?.userData?.open()).toBe("user-data-canary");
    const values = [...(data?.parameters ?? [])].map(([name, { visibility, value }]) => [name, visibility, typeof value === "string" ? value : value.open()]);
    expect(values.toSorted()).toEqual([["password", "private", "private-canary"], ["suffix", "public", ".test"]]);
    expect(open.logged()).toContain(broken.id);
    expect(open.logged()).not.toContain("canary");
  });

  test("that doesn't answer is only written down", async () => {
    const client = { wantedGuestData: () => Promise.reject(new Error("gone")), putGuestData: () => Promise.resolve() };
    await expect(provideGuestData(services, nodeId, client, new AbortController().signal)).resolves.toBeUndefined();
  });
});
