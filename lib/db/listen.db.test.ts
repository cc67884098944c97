import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { Prisma } from "./client.ts";
import { CHANNELS } from "./listen.ts";

let open: TestServices;
beforeAll(async () => {
  open = await openTestServices();
});
afterAll(() => open.close());

/** Ends the listening connection as a restart of the server or a firewall would; resolves when it is there again. */
async function breakConnection(meanwhile: () => Promise<void>): Promise<void> {
  const { db, notifications } = open.services;
  const back = new Promise<void>((resolve) => {
    const off = notifications.onReconnect(() => {
      off();
      resolve();
    });
  });
  await db.$queryRaw(Prisma.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'slipway-listen' AND datname = current_database()`);
  await meanwhile();
  await back;
}

test("a process whose listening connection was lost hears again, and the feed has what was said meanwhile", async () => {
  const { db, feed, notifications } = open.services;
  const names: string[] = [];
  const all = new Promise<void>((resolve) => {
    feed.onEvent(({ payload }) => {
      if ("name" in payload) names.push(payload.name);
      if (names.length === 2) resolve();
    });
  });
  const append = (name: string) => db.$transaction((tx) => appendEvents(tx, [{ payload: { type: "node.changed", name }, ownerId: null }]));
  await breakConnection(() => append("meanwhile"));
  expect(notifications.connected).toBe(true);
  await append("afterwards");
  await all;
  expect(names).toEqual(["meanwhile", "afterwards"]);
  expect(open.logged()).toContain("the connection that listens to the database was lost");
});

test("remembered credentials don't outlive the connection that would have told of their end", async () => {
  const { credentials } = open.services;
  const user = { userId: "u", sessionEpoch: 1, identity: { kind: "user", userId: "u", name: "ada", role: "owner" } } as const;
  credentials.set("ada", "a password", user, credentials.mark());
  expect(credentials.get("ada", "a password")).toEqual(user);
  await breakConnection(() => Promise.resolve());
  expect(credentials.get("ada", "a password")).toBeNull();
});

test("notifications come with their payload, to those who still listen", async () => {
  const { db, notifications } = open.services;
  const heard: string[] = [];
  const second = new Promise<void>((resolve) => {
    const off = notifications.on(CHANNELS.jobs, (payload) => {
      heard.push(payload);
      off();
    });
    notifications.on(CHANNELS.jobs, (payload) => {
      if (payload === "2") resolve();
    });
  });
  await db.$executeRaw(Prisma.sql`SELECT pg_notify(${CHANNELS.jobs}, '1')`);
  await db.$executeRaw(Prisma.sql`SELECT pg_notify(${CHANNELS.jobs}, '2')`);
  await second;
  expect(heard).toEqual(["1"]);
});
