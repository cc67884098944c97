import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Services } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import { Prisma } from "#lib/db/client.ts";
import type { Identity } from "#lib/domain/access.ts";
import type { FeedEvent } from "#lib/domain/feed.ts";
import type { NewEvent } from "./append-events.ts";
import { appendEvents } from "./append-events.ts";
import { openFeedHub } from "./feed-hub.ts";
import { pruneEvents } from "./prune-events.ts";
import { subscribe } from "./subscribe.ts";

let open: TestServices;
let services: Services;
let admin: Identity;
let owner: Identity & { readonly kind: "user" };
let stop: AbortController;

beforeAll(async () => {
  open = await openTestServices();
  services = open.services;
  admin = await insertUser(services, { name: "admin", role: "administrator" });
  owner = await insertUser(services, { name: "owner", role: "owner" });
});
afterAll(() => open.close());
beforeEach(() => {
  stop = new AbortController();
  return () => stop.abort();
});

const changed = (name: string, ownerId: string | null = null): NewEvent => ({ payload: { type: "instance.changed", name }, ownerId });
const append = (...events: NewEvent[]) => services.db.$transaction((tx) => appendEvents(tx, events));
const nameOf = ({ payload }: FeedEvent) => ("name" in payload ? payload.name : payload.type);

/** The first events of a stream; fewer if it ends. */
async function take(stream: AsyncIterable<FeedEvent>, count: number): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

/** A stream that has joined the feed: its first pull is under way before anything is appended. */
async function joined(identity: Identity, count: number, options: { after?: string; installId?: string } = {}): Promise<{ readonly events: Promise<FeedEvent[]> }> {
  const stream = await subscribe(contextOf(services, identity), { ...options, signal: stop.signal });
  return { events: take(stream, count) };
}

async function someoneWaitsForALock(): Promise<boolean> {
  const rows = await services.db.$queryRaw(Prisma.sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  return Array.isArray(rows) && rows.length > 0;
}

describe("the feed", () => {
  test("has every event of many writers at once, each once, in the order of their numbers", async () => {
    const { events } = await joined(admin, 200);
    await Promise.all(Array.from({ length: 100 }, (_, n) => append(changed(`a-${n}`), changed(`b-${n}`))));
    const seen = await events;
    const ids = seen.map(({ id }) => BigInt(id));
    expect(ids).toEqual([...ids].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(seen.map(nameOf)).size).toBe(200);
  });

  test("shows nothing of a transaction that a slower one with lower numbers would have to come before", async () => {
    // The first writer has its number and hasn't committed; the second waits for it instead of overtaking.
    const held = Promise.withResolvers<null>();
    const appended = Promise.withResolvers<null>();
    const { events } = await joined(admin, 2);
    const slow = services.db.$transaction(async (tx) => {
      await appendEvents(tx, [changed("slow")]);
      appended.resolve(null);
      await held.promise;
    });
    await appended.promise;
    const state = { isCommitted: false };
    const quick = append(changed("quick")).then(() => {
      state.isCommitted = true;
    });
    while (!state.isCommitted && !(await someoneWaitsForALock())) continue;
    held.resolve(null);
    await Promise.all([slow, quick]);
    expect((await events).map(nameOf)).toEqual(["slow", "quick"]);
  });

  test("has nothing of a transaction that was rolled back", async () => {
    const { events } = await joined(admin, 1);
    await expect(
      services.db.$transaction(async (tx) => {
        await appendEvents(tx, [changed("undone")]);
        throw new Error("undone");
      }),
    ).rejects.toThrow("undone");
    await append(changed("done"));
    expect((await events).map(nameOf)).toEqual(["done"]);
  });

  test("takes up after the last event that a client has, without a gap where the table ends and the live part begins", async () => {
    const { events } = await joined(admin, 1);
    await append(changed("last-seen"));
    const [last] = await events;
    await append(changed("missed-1"), changed("missed-2"));
    const again = await joined(admin, 3, { after: last?.id ?? "" });
    await append(changed("live"));
    expect((await again.events).map(nameOf)).toEqual(["missed-1", "missed-2", "live"]);
  });

  test("tells another controller's subscribers", async () => {
    const another = await open.openAnother();
    const stream = await subscribe(contextOf(another.services, admin), { signal: stop.signal });
    const events = take(stream, 1);
    await append(changed("from-the-first"));
    expect((await events).map(nameOf)).toEqual(["from-the-first"]);
  });

  test("shows an owner what is theirs, and what everybody may read", async () => {
    const { events } = await joined(owner, 3);
    await append(
      changed("somebody-else's", "00000000-0000-4000-8000-000000000000"),
      changed("nobody's"),
      { payload: { type: "node.changed", name: "a-node" }, ownerId: null },
      changed("mine", owner.userId),
      { payload: { type: "os.changed", name: "an-os" }, ownerId: null },
      { payload: { type: "job.changed", jobId: 1, status: "running", instanceName: null }, ownerId: null },
      { payload: { type: "cluster.changed" }, ownerId: null },
    );
    expect((await events).map(nameOf)).toEqual(["mine", "an-os", "cluster.changed"]);
  });

  test("refuses an install that the client may not know of, before anything is streamed", async () => {
    const stranger = { signal: stop.signal, installId: "00000000-0000-4000-8000-00000000abcd" };
    await expect(subscribe(contextOf(services, owner), stranger)).rejects.toMatchObject({ code: "unknown_object" });
    await expect(subscribe(contextOf(services, owner), { ...stranger, installId: "'; --" })).rejects.toMatchObject({ code: "unknown_object" });
    await expect(subscribe(contextOf(services, owner), { signal: stop.signal, after: "last" })).rejects.toMatchObject({ code: "invalid", field: "after" });
  });

  test("ends at once for a user whose account is changed", async () => {
    const user = await insertUser(services, { name: "revoked", role: "owner" });
    const { events } = await joined(user, 10);
    await services.db.user.update({ where: { id: user.userId }, data: { sessionEpoch: { increment: 1 } } });
    expect(await events).toEqual([]);
  });

  test("ends for a subscriber that is too slow, who then takes up with what it saw last", async () => {
    const feed = await openFeedHub({ db: services.db, notifications: services.notifications, log: services.log, queueLimit: 10 });
    const stream = feed.subscribe({ signal: stop.signal, visible: () => true });
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    await append(changed("n-0"));
    const seen = await first;
    // It doesn't read while more come than may wait for it; another subscriber knows when the hub has handed them on.
    const quick = take(feed.subscribe({ signal: stop.signal, visible: () => true }), 30);
    await append(...Array.from({ length: 30 }, (_, n) => changed(`n-${n + 1}`)));
    const others = await quick.catch(() => []);
    expect(others.length).toBeLessThanOrEqual(30);
    expect((await iterator.next()).done).toBe(true);
    if (seen.done === true) throw new Error("the stream ended too early");
    const resumed = await take(feed.subscribe({ after: seen.value.id, signal: stop.signal, visible: () => true }), 30);
    expect(resumed.map(nameOf)).toEqual(Array.from({ length: 30 }, (_, n) => `n-${n + 1}`));
    await feed.close();
  });

  test("tells a client to read everything again when what it missed is no longer kept", async () => {
    const { events } = await joined(admin, 1);
    await append(changed("old"));
    const [old] = await events;
    await append(changed("missed"), changed("kept"));
    await services.db.$executeRaw(Prisma.sql`UPDATE event SET at = now() - interval '2 days' WHERE payload->>'name' IS DISTINCT FROM 'kept'`);
    expect(await pruneEvents(services.db)).toBeGreaterThan(1);
    const again = (await subscribe(contextOf(services, admin), { after: old?.id ?? "", signal: stop.signal }))[Symbol.asyncIterator]();
    const first: unknown = (await again.next()).value;
    expect(first).toMatchObject({ payload: { type: "feed.reset" } });
    // Only now: what comes before the reset is part of what is read again.
    await append(changed("live"));
    const second: unknown = (await again.next()).value;
    expect(second).toMatchObject({ payload: { name: "live" } });
  });

  test("tells the same to a client with a number that was never given", async () => {
    const { events } = await joined(admin, 1, { after: "999999999999" });
    expect((await events).map(nameOf)).toEqual(["feed.reset"]);
  });
});
