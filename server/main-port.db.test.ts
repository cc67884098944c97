import { connect } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";
import { REQUEST_LIMITS } from "#lib/http/limits.ts";
import { mainHandler } from "./handle-request.ts";
import type { Listening } from "./listen-http.ts";
import { listenHttp } from "./listen-http.ts";

let open: TestServices;
let listening: Listening;
let isReady = true;
/** What reached the pages: their addresses and the client's, as the server stamped it. */
const seen: { readonly url: string | undefined; readonly address: unknown }[] = [];

beforeAll(async () => {
  open = await openTestServices();
  const answer = (text: string) => (request: IncomingMessage, response: ServerResponse) => {
    if (text === "pages") seen.push({ url: request.url, address: request.headers["x-slipway-client-address"] });
    if (request.url === "/fails") return Promise.reject(new Error("a page that fails"));
    response.end(text);
    return Promise.resolve();
  };
  const handle = mainHandler({ services: open.services, pages: answer("pages"), rapi: answer("rapi"), isReady: () => Promise.resolve(isReady) });
  listening = await listenHttp({ host: "127.0.0.1", port: 0, tls: null, handle });
});
afterAll(async () => {
  await listening.close();
  await open.close();
});

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${listening.port}${path}`, init);

/** Sends bytes as they are and reads until the server closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(listening.port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

describe("the main port", () => {
  test("answers Ganeti's paths as the remote API does, and everything else as pages", async () => {
    for (const path of ["/version", "/2", "/2/info", "/2/instances?bulk=1"]) expect(await (await get(path)).text()).toBe("rapi");
    for (const path of ["/", "/versions", "/22", "/api/v1/nodes"]) expect(await (await get(path)).text()).toBe("pages");
  });

  test("says that it is alive, and whether it is ready", async () => {
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(200);
    isReady = false;
    expect((await get("/readyz")).status).toBe(503);
    expect((await get("/healthz")).status).toBe(200);
    isReady = true;
  });

  test("believes no client that says what its address is", async () => {
    await get("/who", { headers: { "x-slipway-client-address": "198.51.100.1" } });
    expect(seen.at(-1)).toEqual({ url: "/who", address: "127.0.0.1" });
  });

  test("hands no page a body that is too large or of unknown length", async () => {
    const before = seen.length;
    expect((await get("/a", { method: "POST", body: "x".repeat(REQUEST_LIMITS.bodyBytes + 1) })).status).toBe(413);
    expect(await raw("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")).toMatch(/^HTTP\/1\.1 411 /);
    expect((await get(`/${"a".repeat(REQUEST_LIMITS.urlLength)}`)).status).toBe(414);
    expect(seen.length).toBe(before);
  });

  test("hands no page an address that nobody can mean", async () => {
    const before = seen.length;
    for (const path of ["/%ff", "/instances/%00", "/a%"]) expect(await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`), path).toMatch(/^HTTP\/1\.1 400 /);
    for (const line of ["OPTIONS *", "GET http://elsewhere/"]) expect(await raw(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`), line).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/^HTTP\/1\.1 501 /);
    expect(seen.length).toBe(before);
  });

  test("refuses headers that are too large, bad requests and other protocols, and closes", async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw("NOT HTTP\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")).toMatch(/^HTTP\/1\.1 501 /);
  });

  test("answers for a page that fails, without saying why", async () => {
    const response = await get("/fails");
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("internal\n");
  });
});
