import { randomBytes } from "node:crypto";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { createTestPki } from "../testing/pki.ts";
import { openDownload } from "./download.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { withNewBeginnings } from "./start-over.ts";
import { breakOff, QUICK, serveFile, startServer, type TestServer } from "./testing-server.ts";

const CONTENT = randomBytes(1_000_000);
const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(...parameters: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...parameters);
  servers.push(server);
  return server;
}

function options(more: Partial<FetchOptions> = {}): FetchOptions {
  return { field: "image.location", policy: { allowPrivate: ["127.0.0.1"], folders: [] }, signal: new AbortController().signal, mostBytes: 10_000_000, limits: QUICK, ...more };
}

async function fetchAll(url: string, more: Partial<FetchOptions> = {}): Promise<Buffer> {
  const { chunks } = await openDownload(url, options(more));
  const pieces: Buffer[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function refusal(work: Promise<unknown>): Promise<SlipwayError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SlipwayError);
  return error as SlipwayError; // as was just seen
}

describe("a download", () => {
  it("brings what lies there, and says its size first", async () => {
    const server = await serve(serveFile(CONTENT));
    const source = await openDownload(`${server.url}/a?token=x`, options());
    expect(source.bytes).toBe(CONTENT.length);
    await source.close();
    expect((await source.chunks.next()).done).toBe(true);
    expect((await fetchAll(`${server.url}/a?token=x`)).equals(CONTENT)).toBe(true);
    expect(server.requests[0]?.url).toBe("/a?token=x");
    expect(server.requests[0]?.headers.host).toBe(`127.0.0.1:${String(server.port)}`);
  });

  it("goes on where it broke off, as often as it may", async () => {
    let turn = 0;
    const server = await serve((request, response) => {
      turn += 1;
      if (turn === 1) breakOff(response, CONTENT, 300_000);
      else if (turn === 2) response.writeHead(503).end("busy");
      else serveFile(CONTENT)(request, response);
    });
    expect((await fetchAll(server.url)).equals(CONTENT)).toBe(true);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(server.requests[2]?.headers["if-range"]).toBe('"one"');
  });

  it("passes over what it has where the server knows no ranges and the file is the same", async () => {
    let turn = 0;
    const server = await serve((_request, response) => {
      turn += 1;
      if (turn === 1) breakOff(response, CONTENT, 300_000);
      else response.writeHead(200, { ETag: '"one"', "Content-Length": CONTENT.length }).end(CONTENT);
    });
    expect((await fetchAll(server.url)).equals(CONTENT)).toBe(true);
  });

  it.each([
    ["another ETag", { ETag: '"two"' }],
    ["a weak ETag, which says nothing", { ETag: 'W/"one"' }],
  ])("finds that the file has changed between two tries: %s", async (_what, headers) => {
    let turn = 0;
    const other = randomBytes(CONTENT.length);
    const server = await serve((request, response) => {
      turn += 1;
      if (turn === 1) breakOff(response, CONTENT, 300_000);
      else serveFile(other, headers)(request, response);
    });
    expect((await refusal(fetchAll(server.url))).message).toMatch(/has changed since its download began/);
    // Begun anew it is the new one, whole.
    turn = 0;
    expect((await withNewBeginnings("image.location", () => fetchAll(server.url))).equals(other)).toBe(true);
  });

  it("never puts two halves together of which nobody says that they belong together", async () => {
    const server = await serve((_request, response) => breakOff(response, CONTENT, 300_000, {}));
    const error = await refusal(withNewBeginnings("image.location", () => fetchAll(server.url)));
    expect(error.code).toBe("source_failed");
    expect(error.message).toMatch(/broke off.*begun 3 times/);
    expect(server.requests).toHaveLength(3);
    expect(server.requests.every(({ headers }) => headers.range === undefined)).toBe(true);
  });

  it("gives up with the last reason", async () => {
    const server = await serve((_request, response) => void response.writeHead(502).end());
    const error = await refusal(fetchAll(server.url));
    expect([error.code, error.field]).toEqual(["source_failed", "image.location"]);
    expect(error.message).toBe("127.0.0.1 answered 502 Bad Gateway. It was tried 4 times.");
  });

  it("takes no error page for a file, and asks no second time", async () => {
    const server = await serve((_request, response) => void response.writeHead(404).end("<html>".repeat(100)));
    expect((await refusal(fetchAll(`${server.url}/x?token=hidden`))).message).toBe("127.0.0.1 answered 404 Not Found.");
    expect(server.requests).toHaveLength(1);
  });

  it("waits for a server that stalls as long as it may", async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { ETag: '"one"', "Content-Length": CONTENT.length });
      response.write(CONTENT.subarray(0, 1_000));
    });
    expect((await refusal(fetchAll(server.url, { limits: { ...QUICK, stallMs: 50, tries: 2 } }))).message).toBe("127.0.0.1 stopped sending. It was tried 2 times.");
    const silent = await serve(() => undefined);
    expect((await refusal(fetchAll(silent.url, { limits: { ...QUICK, headersMs: 50, tries: 2 } }))).message).toMatch(/didn't answer in time. It was tried 2 times/);
  });

  it("ends at its time, however lively the server is", async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { "Content-Length": CONTENT.length });
      const timer = setInterval(() => response.write("x"), 5);
      response.on("close", () => clearInterval(timer));
    });
    expect((await refusal(fetchAll(server.url, { limits: { ...QUICK, totalMs: 200 } }))).message).toMatch(/took longer than it may/);
  });

  it("takes no more than it may, said or unsaid", async () => {
    const server = await serve(serveFile(CONTENT));
    expect((await refusal(fetchAll(server.url, { mostBytes: 999_999 }))).code).toBe("too_large");
    const unsaid = await serve((_request, response) => void response.writeHead(200).end(CONTENT));
    expect((await fetchAll(unsaid.url)).length).toBe(CONTENT.length);
    expect((await refusal(fetchAll(unsaid.url, { mostBytes: 999_999 }))).code).toBe("too_large");
  });

  it("is refused where its end couldn't be told from its loss, and where it is encoded", async () => {
    const endless = await tcpServer((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nhalf of it"));
    expect((await refusal(fetchAll(endless.url))).message).toMatch(/doesn't say where the file ends/);
    await endless.close();
    const encoded = await serve((_request, response) => void response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": 3 }).end("abc"));
    expect((await refusal(fetchAll(encoded.url))).message).toMatch(/encoding that wasn't asked for/);
    expect((await fetchAll(encoded.url, { isGzip: true })).toString()).toBe("abc");
  });

  it("counts what comes against what was said", async () => {
    const short = await tcpServer((socket) => void socket.end('HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 100\r\n\r\nhalf of it'));
    expect((await refusal(fetchAll(short.url, { limits: { ...QUICK, tries: 1 } }))).code).toBe("source_failed");
    await short.close();
    const liar = await serve((request, response) => {
      if (request.headers.range === undefined) breakOff(response, CONTENT, 1_000);
      else response.writeHead(206, { ETag: '"one"', "Content-Length": 10, "Content-Range": "bytes 5-14/15" }).end("0123456789");
    });
    expect((await refusal(fetchAll(liar.url))).message).toMatch(/has changed/);
  });

  it("stops at once when it is told to, with the reason that was given", async () => {
    const reason = new SlipwayError("timed_out", "The install took too long.");
    const aborting = new AbortController();
    let closed = Promise.resolve<unknown>(null);
    const server = await serve((_request, response) => {
      closed = new Promise((resolve) => response.on("close", resolve));
      response.writeHead(200, { "Content-Length": CONTENT.length });
      response.write(CONTENT.subarray(0, 1_000), () => aborting.abort(reason));
    });
    expect(await refusal(fetchAll(server.url, { signal: aborting.signal }))).toBe(reason);
    await closed;
    expect(await refusal(fetchAll(server.url, { signal: aborting.signal }))).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });
});

describe("a redirect", () => {
  it("is followed, five times", async () => {
    const server = await serve((request, response) => {
      const left = Number(/\/(\d+)$/.exec(request.url ?? "")?.[1]);
      if (left === 0) serveFile(CONTENT)(request, response);
      else response.writeHead(302, { Location: `/${String(left - 1)}` }).end("elsewhere");
    });
    expect((await fetchAll(`${server.url}/5`)).equals(CONTENT)).toBe(true);
    expect((await refusal(fetchAll(`${server.url}/6`))).message).toMatch(/redirects, for the 6th time/);
  });

  it.each(["http://169.254.169.254/latest/meta-data", "http://127.0.0.2/", "http://[::1]/", "http://[::ffff:127.0.0.2]/", "http://0x7f.2/", "http://0/", "file:///etc/passwd", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "gopher://x", "//10.0.0.1/x"])("to %s is refused", async (location) => {
    const server = await serve((_request, response) => void response.writeHead(301, { Location: location }).end());
    expect((await refusal(fetchAll(server.url))).code).toBe("source_refused");
    expect(server.requests).toHaveLength(1);
  });

  it("never leads credentials to another origin, nor back", async () => {
    const second = await serve((request, response) => {
      if (request.url === "/back") serveFile(CONTENT)(request, response);
      else response.writeHead(307, { Location: `${first.url}/end` }).end();
    });
    const first: TestServer = await serve((request, response) => {
      if (request.url === "/end") serveFile(CONTENT)(request, response);
      else response.writeHead(307, { Location: request.url === "/begin" ? "/same" : `${second.url}/away` }).end();
    });
    await fetchAll(`${first.url}/begin`, { credentials: secretValue("name:pass wörd") });
    const sent = (server: TestServer): (string | undefined)[] => server.requests.map(({ headers }) => headers.authorization);
    const basic = `Basic ${Buffer.from("name:pass wörd").toString("base64")}`;
    expect(sent(first)).toEqual([basic, basic, undefined]);
    expect(sent(second)).toEqual([undefined]);
  });

  it("from https to http is refused, and a certificate has to be one that is trusted", async () => {
    const pki = await createTestPki();
    const identity = await pki.issue("127.0.0.1");
    const plain = await serve(serveFile(CONTENT));
    const server = await serve((request, response) => {
      if (request.url === "/down") response.writeHead(302, { Location: plain.url }).end();
      else serveFile(CONTENT)(request, response);
    }, identity);
    const named = `https://localhost:${String(server.port)}`;
    expect((await refusal(fetchAll(server.url))).message).toMatch(/certificate of 127.0.0.1 isn't one that this node trusts/);
    const policy = { allowPrivate: ["127.0.0.0/8", "::1"], folders: [], authorities: [identity.ca] };
    // It is for another name.
    expect((await refusal(fetchAll(named, { policy, limits: { ...QUICK, tries: 1 } }))).message).toMatch(/certificate of localhost/);
    const forName = await pki.issue("localhost");
    const secure = await serve((request, response) => {
      if (request.url === "/down") response.writeHead(302, { Location: plain.url }).end();
      else serveFile(CONTENT)(request, response);
    }, forName);
    const good = { policy: { ...policy, authorities: [forName.ca] } };
    expect((await fetchAll(`https://localhost:${String(secure.port)}/x`, good)).equals(CONTENT)).toBe(true);
    expect(secure.requests[0]?.headers.host).toBe(`localhost:${String(secure.port)}`);
    expect((await refusal(fetchAll(`https://localhost:${String(secure.port)}/down`, good))).message).toMatch(/from https to http/);
    expect(plain.requests).toHaveLength(0);
  });
});

async function tcpServer(answer: (socket: Socket) => void): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // It listens on a port of an address.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
