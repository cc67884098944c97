import { connect } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ARCHIVE_BODY, REQUEST_LIMITS } from "#lib/http/limits.ts";
import type { Account, TestServices } from "#lib/http/testing-services.ts";
import { basic, startTestServices } from "#lib/http/testing-services.ts";
import { ARCHIVES_AT_ONCE } from "./archive-places.ts";
import { mainHandler } from "./handle-request.ts";
import type { Listening } from "./listen-http.ts";
import { listenHttp } from "./listen-http.ts";

/** As in earnest, but that nobody waits for it. */
const ARRIVAL = { windowMs: 400, bytesPerSecond: 10_000, answerMs: 60_000 };

let fixture: TestServices;
let listening: Listening;
/** Requests that have reached the pages and wait for their answer. */
let inside: ServerResponse[] = [];
let arrived: () => void = () => undefined;

beforeAll(async () => {
  fixture = await startTestServices();
  const pages = (request: IncomingMessage, response: ServerResponse) => {
    inside.push(response);
    request.resume();
    arrived();
    return Promise.resolve();
  };
  const handle = mainHandler({ services: fixture.services, pages, rapi: () => Promise.resolve(), isReady: () => Promise.resolve(true), archiveArrival: ARRIVAL });
  listening = await listenHttp({ host: "127.0.0.1", port: 0, tls: null, handle });
});
afterAll(async () => {
  await listening.close();
  await fixture.stop();
});
beforeEach(() => {
  inside = [];
});

const CHECK = "/api/v1/os-definition-checks?name=a";
const UPLOAD = "/api/v1/os-definitions/a/versions";
const send = (account: Account | null, path: string, body: BodyInit = "x", headers: Readonly<Record<string, string>> = {}) =>
  fetch(`http://127.0.0.1:${listening.port}${path}`, { method: "POST", body, headers: { ...(account === null ? {} : basic(account)), ...headers } });

/** Sends requests that are let in, and resolves when all are at the pages. */
async function fill(requests: readonly (readonly [Account, string])[]): Promise<Promise<Response>[]> {
  const before = inside.length;
  const sent = requests.map(([account, path]) => send(account, path));
  await untilInside(before + requests.length);
  return sent;
}

async function untilInside(count: number): Promise<void> {
  while (inside.length < count) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
}

async function answerAll(sent: readonly Promise<Response>[]): Promise<void> {
  const closed = inside.map((response) => new Promise((resolve) => response.once("close", resolve)));
  for (const response of inside) response.end("done");
  inside = [];
  await Promise.all([...sent, ...closed]);
}

describe("an archive", () => {
  test.each([CHECK, UPLOAD])("to %s goes in from a known account, up to its limit and not past it", async (path) => {
    const sent = await fill([["owner", path]]);
    await answerAll(sent);
    const large = send("owner", path, new Uint8Array(ARCHIVE_BODY.bytes));
    await untilInside(1);
    await answerAll([large]);
    expect((await send("owner", path, new Uint8Array(ARCHIVE_BODY.bytes + 1))).status).toBe(413);
    expect(inside).toEqual([]);
  });

  test.each([
    ["nobody", null, {}],
    ["somebody with a wrong password", null, { authorization: `Basic ${Buffer.from("owner:wrong").toString("base64")}` }],
    ["somebody with a made-up session", null, { cookie: "next-auth.session-token=forged" }],
  ] as const)("from %s gets no further than its head", async (_, account, headers) => {
    const response = await send(account, UPLOAD, new Uint8Array(ARCHIVE_BODY.bytes), headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "not_signed_in" });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(inside).toEqual([]);
  });

  test("waits for another time where its account has as many as may be, comes in once one is answered, and keeps nobody else out", async () => {
    const first = await fill(Array.from({ length: ARCHIVES_AT_ONCE.account }, () => ["owner", UPLOAD] as const));
    const refused = await send("owner", CHECK);
    expect(refused.status).toBe(429);
    expect([refused.headers.get("retry-after"), await refused.json()]).toEqual(["10", expect.objectContaining({ code: "too_many_requests" })]);
    const others = await fill([["other", CHECK], ["admin", UPLOAD]]);
    expect((await send("other", CHECK)).status).toBe(429);
    await answerAll([...first, ...others]);
    await answerAll(await fill([["admin", UPLOAD], ["owner", UPLOAD]]));
  });

  test("whose sender goes away gives its place back", async () => {
    for (let n = 0; n < 2 * ARCHIVES_AT_ONCE.process; n += 1) {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(listening.port, "127.0.0.1");
        socket.on("error", reject);
        arrived = () => {
          inside.at(-1)?.once("close", resolve);
          socket.destroy();
        };
        socket.write(`POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic("owner").authorization}\r\nContent-Length: 1000000\r\n\r\nbegin`);
      });
    }
    inside = [];
    await answerAll(await fill([["owner", UPLOAD]]));
  });

  test("is let in at no other address", async () => {
    for (const path of ["/api/v1/instances", "/api/v1/os-definitions", "/api/v1/os-definitions/a/trust", "/api/v1/os-definitions/a/versions/1", "/os-definitions/upload"]) {
      expect((await send("owner", path, new Uint8Array(REQUEST_LIMITS.bodyBytes + 1))).status, path).toBe(413);
    }
  });

  test("that doesn't come gives its place up to those that do, and says why", async () => {
    const slow = Array.from({ length: ARCHIVES_AT_ONCE.account }, () => sendSlowly("owner", { first: 1_000, then: 0 }));
    await untilInside(ARCHIVES_AT_ONCE.account);
    expect((await send("owner", UPLOAD)).status).toBe(429);
    for (const answer of await Promise.all(slow.map(({ answered }) => answered))) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toMatch(/connection: close/i);
      expect(answer).toContain('"code":"timed_out"');
    }
    inside = [];
    await answerAll(await fill([["owner", UPLOAD], ["owner", CHECK]]));
  });

  test("that begins well and then doesn't come is slow all the same", async () => {
    const { answered } = sendSlowly("owner", { first: 200_000, then: 0 });
    await untilInside(1);
    expect(await answered).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("that comes as fast as it must is taken, however long it takes", async () => {
    const { answered } = sendSlowly("owner", { first: 1_000, then: 1_500 });
    await untilInside(1);
    inside[0]?.req.once("end", () => inside[0]?.end("done"));
    expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
  });
});

/** Bytes of which `first` are sent at once and `then` every 50 ms, of 30 000. @returns what is answered until the connection ends */
function sendSlowly(account: Account, { first, then }: { readonly first: number; readonly then: number }): { readonly answered: Promise<string> } {
  const length = Math.max(30_000, 2 * first);
  let left = length - first;
  const socket = connect(listening.port, "127.0.0.1");
  socket.write(`POST ${UPLOAD} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${basic(account).authorization}\r\nContent-Length: ${length}\r\n\r\n`);
  socket.write("x".repeat(first));
  const timer = setInterval(() => {
    const now = Math.min(left, then);
    left -= now;
    if (now > 0) socket.write("x".repeat(now));
  }, 50);
  const answered = new Promise<string>((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearInterval(timer);
      resolve(text);
    });
  });
  return { answered };
}
