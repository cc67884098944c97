import { randomUUID } from "node:crypto";
import { encode } from "next-auth/jwt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionKey } from "#lib/auth/session-key.ts";
import { sessionCookieName } from "#lib/auth/session.ts";
import { reach } from "#lib/domain/access.ts";
import type { ApiRoute } from "./define-route.ts";
import { ARCHIVE_BODY, REQUEST_LIMITS } from "./limits.ts";
import { answer } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import type { Account, TestServices } from "./testing-services.ts";
import { basic, startTestServices } from "./testing-services.ts";

const ORIGIN = "http://slipway.example.test:8080";
const PARAMS: Readonly<Record<string, string>> = { name: "nobody-knows", id: "1", version: "1", snapshot: "before" };
let fixture: TestServices;

beforeAll(async () => {
  fixture = await startTestServices();
});
afterAll(() => fixture.stop());

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly query?: string;
  readonly params?: Readonly<Record<string, string>>;
}

function ask(route: ApiRoute, { headers = {}, body, query = "", params }: Sent = {}): Promise<Response> {
  const given = params ?? { ...PARAMS, ...(/\/(installs|exports)\/\{id\}/.test(route.path) ? { id: randomUUID() } : {}) };
  const address = route.path.replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? "");
  const request = new Request(`${ORIGIN}${address}${query}`, {
    method: route.method,
    headers: { host: "slipway.example.test:8080", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  // As Next.js does: no variables, no object.
  return answer(fixture.services, route, request, { params: Promise.resolve(route.path.includes("{") ? given : undefined) });
}

async function problem(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  // A problem is an object; what is in it is what the tests look at.
  return (await response.json()) as Record<string, unknown>;
}

async function cookie(account: Account, sessionEpoch = 1, userId = fixture.userIds[account]): Promise<Record<string, string>> {
  const token = await encode({ token: { userId, sessionEpoch }, secret: sessionKey(fixture.services), maxAge: 60 });
  return { cookie: `${sessionCookieName(fixture.services)}=${token}` };
}

function route(method: string, path: string): ApiRoute {
  const found = API_ROUTES.find((one) => one.method === method && one.path === path);
  if (found === undefined) throw new Error(`${method} ${path} is not in the register`);
  return found;
}

const closed = API_ROUTES.filter(({ access }) => access.kind === "operation");
const names = closed.map((one) => [`${one.method} ${one.path}`, one] as const);

describe("every route of the register", () => {
  test.each(names)("%s is closed to those without an account, whatever they send", async (_, one) => {
    for (const headers of [{}, { authorization: "Basic nonsense" }, { authorization: "Bearer abc" }, { cookie: "next-auth.session-token=forged" }]) {
      const response = await ask(one, { headers, ...(one.hasBody ? { body: "not even JSON" } : {}) });
      expect(response.status).toBe(401);
      expect(await problem(response)).toMatchObject({ code: "not_signed_in", type: "urn:slipway:problem:not_signed_in" });
    }
  });

  test.each(names)("%s is closed to owners exactly where the table of access says so", async (_, one) => {
    if (one.access.kind !== "operation") return;
    const identity = { kind: "user", userId: fixture.userIds.owner, name: "owner", role: "owner" } as const;
    const response = await ask(one, { headers: basic("owner"), ...(one.hasBody ? { body: '{"unheardOf":1}' } : {}) });
    if (reach(identity, one.access.operation) === "none") {
      expect((await problem(response))["code"]).toBe("not_allowed");
    } else {
      expect(response.status).not.toBe(403);
      await response.body?.cancel();
    }
  });

  test.each(names.filter(([, one]) => one.method !== "GET"))("%s can't be used by a foreign page with the person's cookie", async (_, one) => {
    for (const origin of [{}, { origin: "https://evil.example.test" }, { origin: "null" }]) {
      const response = await ask(one, { headers: { ...(await cookie("admin")), ...origin }, ...(one.hasBody ? { body: "{}" } : {}) });
      expect(response.status).toBe(403);
      expect(await problem(response)).toMatchObject({ field: "origin" });
    }
  });

  test.each(names.filter(([, one]) => one.rawBody !== null))("%s refuses archives that are too large, none, or of a type that isn't one", async (_, one) => {
    const query = one.path === "/api/v1/os-definition-checks" ? "?name=nobody-knows" : "";
    const send = (type: string, body: BodyInit) => ask(one, { headers: { ...basic("admin"), "content-type": type }, body, query });
    expect((await send("application/x-tar", new Uint8Array(ARCHIVE_BODY.bytes + 1))).status).toBe(413);
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-tar, application/json"]) {
      expect((await send(type, "{}")).status, type).toBe(415);
    }
    for (const body of ["", "no archive", new Uint8Array(1_024)]) expect((await send("application/octet-stream", body)).status).toBe(400);
    expect(await fixture.services.db.osDefinition.count()).toBe(0);
  });

  test.each(names.filter(([, one]) => one.hasBody && one.rawBody === null))("%s refuses bodies that are too large, too deep, ambiguous or not JSON", async (_, one) => {
    const headers = basic("admin");
    const bodies: readonly (readonly [number, BodyInit])[] = [
      [400, '{"a":'],
      [400, '{"a":NaN}'],
      [400, '{"a":1,"a":2}'],
      [400, "[".repeat(10_000) + "]".repeat(10_000)],
      [413, " ".repeat(REQUEST_LIMITS.bodyBytes + 1)],
    ];
    for (const [status, body] of bodies) {
      const response = await ask(one, { headers, body });
      expect(response.status).toBe(status);
      await problem(response);
    }
    const typed = await ask(one, { headers: { ...headers, "content-type": "text/plain" }, body: "{}" });
    expect(typed.status).toBe(415);
  });

  test.each(names)("%s refuses a query that it doesn't know", async (_, one) => {
    const archive = one.rawBody === null ? {} : { "content-type": one.rawBody.contentTypes[0] };
    const missing = one.path === "/api/v1/os-definition-checks" ? "&name=a" : one.path.endsWith("/diff") ? "&from=1&to=1" : one.path.endsWith("/file") ? "&path=a" : "";
    const response = await ask(one, { headers: { ...basic("admin"), ...archive }, query: `?unheardOf=1${missing}`, ...(one.hasBody ? { body: "{}" } : {}) });
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({ code: "invalid", field: "unheardOf" });
  });

  test.each(names)("%s is never cached, framed or guessed at", async (_, one) => {
    const response = await ask(one, { headers: basic("admin"), query: "?unheardOf=1" });
    expect(Object.fromEntries(response.headers)).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY" });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a body of 100 MB", () => {
  test("is refused after its first megabyte, announced or not", async () => {
    let sent = 0;
    const part = new Uint8Array(65_536).fill(0x20);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += part.byteLength;
        if (sent > 100_000_000) controller.close();
        else controller.enqueue(part);
      },
    });
    const one = route("POST", "/api/v1/instances");
    expect((await ask(one, { headers: basic("admin"), body })).status).toBe(413);
    expect(sent).toBeLessThan(2 * REQUEST_LIMITS.bodyBytes);
    expect((await ask(one, { headers: { ...basic("admin"), "content-length": "100000000" }, body: "{}" })).status).toBe(413);
  });
});

describe("a session", () => {
  const one = (): ApiRoute => route("GET", "/api/v1/cluster");

  test("reads, and changes things from the console's own pages", async () => {
    expect((await ask(one(), { headers: await cookie("admin") })).status).toBe(200);
    const change = await ask(route("PATCH", "/api/v1/cluster"), { headers: { ...(await cookie("admin")), origin: ORIGIN }, body: '{"hostScripts":true}' });
    expect(change.status).toBe(200);
  });

  test("ends everywhere when the account's epoch is raised", async () => {
    const before = await cookie("other");
    expect((await ask(one(), { headers: before })).status).toBe(200);
    await fixture.services.db.user.update({ where: { id: fixture.userIds.other }, data: { sessionEpoch: { increment: 1 } } });
    expect((await ask(one(), { headers: before })).status).toBe(401);
  });

  test("does not outlive its account", async () => {
    expect((await ask(one(), { headers: await cookie("admin", 1, randomUUID()) })).status).toBe(401);
  });

  test("is not one where the cookie is there twice", async () => {
    const sent = await cookie("admin");
    expect((await ask(one(), { headers: { cookie: `${sent["cookie"] ?? ""}; ${sent["cookie"] ?? ""}` } })).status).toBe(401);
  });
});

describe("what is said of a refusal", () => {
  test("names the field and not what it held, in the answer and in the log", async () => {
    const planted = "PLANTED-SECRET-4b7d";
    const body = JSON.stringify({ name: "web-3", osType: "debian", memoryMib: 512, disks: [], parameters: { secret: { root_password: [planted] } } });
    const response = await ask(route("POST", "/api/v1/instances"), { headers: basic("admin"), body });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ code: "invalid", field: "parameters.secret.root_password" });
    expect(text + fixture.log()).not.toContain(planted);
  });

  test("asks programs for credentials, and leaves browsers their sign-in page", async () => {
    const one = route("GET", "/api/v1/cluster");
    expect((await ask(one)).headers.get("www-authenticate")).toBe('Basic realm="Slipway", charset="UTF-8"');
    expect((await ask(one, { headers: { "sec-fetch-mode": "cors" } })).headers.get("www-authenticate")).toBeNull();
  });

  test("is written to the audit log where somebody tried what they may not", async () => {
    await ask(route("POST", "/api/v1/users"), { headers: basic("owner"), body: "{}" });
    expect(await fixture.services.db.auditEntry.count({ where: { actor: "owner", action: "user.create", outcome: "refused" } })).toBeGreaterThan(0);
  });
});

describe("guessing passwords", () => {
  test("ends in 429, for this name from this address alone", async () => {
    const one = route("GET", "/api/v1/cluster");
    const guess = (address: string): Promise<Response> =>
      ask(one, { headers: { authorization: `Basic ${Buffer.from("guessed:wrong password").toString("base64")}`, "x-slipway-client-address": address } });
    const statuses: number[] = [];
    for (let tries = 0; tries < 30 && statuses.at(-1) !== 429; tries += 1) statuses.push((await guess("192.0.2.1")).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await guess("192.0.2.2")).status).toBe(401);
  }, 60_000);
});
