import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Services } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import { createUser } from "./create-user.ts";
import { loadSessionUser } from "./load-session-user.ts";
import { verifyCredentials } from "./verify-credentials.ts";

let open: TestServices;
let services: Services;
const password = "a long enough password";

beforeAll(async () => {
  open = await openTestServices();
  services = open.services;
});
afterAll(() => open.close());

async function make(name: string): Promise<string> {
  const admin = contextOf(services, { kind: "system", name: "test" });
  return (await createUser(admin, { name, password, role: "owner" })).id;
}
const verify = (name: string, given = password, address: string | null = "192.0.2.7", at = services) => verifyCredentials(at, { name, password: given, address });

/** Resolves once a change of this user has been heard. */
function heard(userId: string, at = services): Promise<void> {
  return new Promise((resolve) => {
    const off = at.notifications.on("slipway_user", (id) => {
      if (id !== userId) return;
      off();
      resolve();
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "none";
}

describe("credentials", () => {
  test("that are right give the user and the epoch of their session", async () => {
    const userId = await make("right");
    expect(await verify("right")).toMatchObject({ kind: "user", userId, name: "right", role: "owner", sessionEpoch: 1 });
  });

  test("that are wrong, of an unknown name, or of a disabled account give nothing", async () => {
    const userId = await make("wrong");
    expect(await verify("wrong", "another long password")).toBeNull();
    expect(await verify("nobody-has-this")).toBeNull();
    expect(await verify("Not a name'; --")).toBeNull();
    await services.db.user.update({ where: { id: userId }, data: { disabledAt: new Date() } });
    expect(await verify("wrong")).toBeNull();
  });

  test("cost an unknown name as much as a known one", async () => {
    await make("timed");
    const time = async (name: string) => {
      const started = performance.now();
      await verify(name, "not this password", `address-${Math.random()}`);
      return performance.now() - started;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let n = 0; n < 7; n++) {
      known.push(await time("timed"));
      unknown.push(await time("timed-nobody"));
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[3] ?? 0;
    // Without a hash to check against it would be a hundredth.
    expect(median(unknown)).toBeGreaterThan(median(known) / 3);
  });

  test("that were right are remembered, and are not when the password isn't the same", async () => {
    await make("cached");
    await verify("cached");
    const find = vi.spyOn(services.db.user, "findUnique");
    expect(await verify("cached")).not.toBeNull();
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
    expect(await verify("cached", `${password} `)).toBeNull();
  });

  test.each([
    ["a raised session epoch", { sessionEpoch: { increment: 1 } }, 2],
    ["a disabled account", { disabledAt: new Date() }, null],
    ["a changed password", { passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$UvSl0EL3UVBpSDPd5Y1EYzBp8eyT0aTN6xh6jTbkbSE" }, null],
  ])("are forgotten in every process at once after %s", async (what, data, epoch) => {
    const name = `revoked-${what.replace(/\W/g, "-")}`;
    const userId = await make(name);
    const another = await open.openAnother();
    await Promise.all([verify(name), verify(name, password, null, another.services)]);
    const both = Promise.all([heard(userId), heard(userId, another.services)]);
    await services.db.user.update({ where: { id: userId }, data });
    await both;
    for (const at of [services, another.services]) expect((await verify(name, password, "192.0.2.8", at))?.sessionEpoch ?? null).toBe(epoch);
  });

  test("are not remembered when the account changed while they were being checked", async () => {
    const userId = await make("raced");
    const mark = services.credentials.mark();
    const told = heard(userId);
    await services.db.user.update({ where: { id: userId }, data: { sessionEpoch: { increment: 1 } } });
    await told;
    services.credentials.set("raced", password, { userId, sessionEpoch: 1, identity: { kind: "user", userId, name: "raced", role: "owner" } }, mark);
    expect(services.credentials.get("raced", password)).toBeNull();
  });

  test("guessed too often from one address are refused there, and work for their owner elsewhere", async () => {
    await make("guessed");
    const guesses = Array.from({ length: 12 }, (_, n) => verify("guessed", `guess number ${n} of many`, "203.0.113.9").then(String, codeOf));
    expect(await Promise.all(guesses)).toContain("too_many_requests");
    await expect(verify("guessed", password, "203.0.113.9")).rejects.toMatchObject({ code: "too_many_requests" });
    expect(await verify("guessed", password, "192.0.2.55")).not.toBeNull();
  });
});

describe("a session", () => {
  test("ends with its epoch, and with its account", async () => {
    const user = await insertUser(services, { name: "sessions", role: "administrator" });
    const session = { userId: user.userId, sessionEpoch: 1 };
    expect(await loadSessionUser(services, session)).toEqual(user);
    await services.db.user.update({ where: { id: user.userId }, data: { sessionEpoch: 2 } });
    expect(await loadSessionUser(services, session)).toBeNull();
    await services.db.user.update({ where: { id: user.userId }, data: { disabledAt: new Date() } });
    expect(await loadSessionUser(services, { ...session, sessionEpoch: 2 })).toBeNull();
  });

  test("has the role of now", async () => {
    const user = await insertUser(services, { name: "demoted", role: "administrator" });
    await services.db.user.update({ where: { id: user.userId }, data: { role: "owner" } });
    const { sessionEpoch } = await services.db.user.findUniqueOrThrow({ where: { id: user.userId } });
    expect(await loadSessionUser(services, { userId: user.userId, sessionEpoch })).toMatchObject({ role: "owner" });
  });
});

test("no password and no hash is in the log or in the audit log", async () => {
  const audit = JSON.stringify(await services.db.auditEntry.findMany(), (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  expect(audit).toContain("user.create");
  for (const text of [audit, open.logged()]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain("$argon2id");
  }
});
