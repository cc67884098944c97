import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { READ_PATHS, streamOf, WRITE_PATHS } from "./ganeti.ts";
import type { Guest } from "./guest.ts";
import type { MetadataBody } from "./metadata-content.ts";
import { serveStream } from "./serve-stream.ts";
import { type Refusal, refuseBody, takeWrite } from "./take-write.ts";
import { parseTtl } from "./tokens.ts";

const TOKEN_PATH = "latest/api/token";
const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
/**
 * How long a request for private values waits for them: a controller brings them within a second or two of an agent's restart, and
 * cloud-init goes on without what it was refused once.
 */
const HOLD_MS = 10_000;
/** No document is anywhere near. */
const LONGEST_TARGET = 1_024;

/**
 * Answers one request. Whatever isn't exactly the path of something is 404, whatever isn't a path 400; nothing of what a guest sends is
 * decoded or leads to a file. A promise only where the answer takes its time.
 */
export function serveRequest(guest: Guest, request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
  const { content } = guest;
  content.onContact();
  const { method = "", url = "" } = request;
  if (!url.startsWith("/") || url.length > LONGEST_TARGET) {
    refuseBody(guest, request, response, 400);
    return undefined;
  }
  const query = url.indexOf("?");
  const path = query < 0 ? url.slice(1) : url.slice(1, query);
  if (path === TOKEN_PATH) {
    giveToken(guest, request, response);
    return undefined;
  }
  if (!mayAsk(guest, path, request)) {
    refuse(guest, request, response, 401);
    return undefined;
  }
  if (WRITE_PATHS.has(path)) {
    if (method === "POST") return takeWrite(guest, request, response);
    refuse(guest, request, response, 405, { allow: "POST" });
    return undefined;
  }
  if (READ_PATHS.has(path)) {
    if (method === "GET" && !hasBody(request)) send(response, content.read.take(), "application/octet-stream");
    // What was only looked at stays to be read.
    else if (method === "HEAD" && !hasBody(request)) send(response, Buffer.alloc(0), "application/octet-stream");
    else refuse(guest, request, response, method === "GET" || method === "HEAD" ? 400 : 405, { allow: "GET, HEAD" });
    return undefined;
  }
  const stream = content.streams === null ? undefined : streamOf(path);
  if (stream !== undefined && content.streams !== null) {
    const wanted = stream.kind === "export" ? "POST" : "GET";
    if (method === wanted && (wanted === "POST" || !hasBody(request))) return serveStream(guest, content.streams, stream, request, response);
    refuse(guest, request, response, method === wanted ? 400 : 405, { allow: wanted });
    return undefined;
  }
  const body = content.tree.get(path);
  if (body === undefined) {
    const names = content.tree.list(path);
    if (names === null) refuse(guest, request, response, 404);
    else if (isPlain(guest, request, response)) send(response, Buffer.from(names.join("\n"), "utf8"), "text/plain");
    return undefined;
  }
  if (!isPlain(guest, request, response)) return undefined;
  if (body instanceof Promise) return sendLater(guest, response, body);
  return body.kind === "later" ? sendWhenKnown(guest, path, response) : sendBody(guest, response, body);
}

/** Holds a request until private values are there. Who goes meanwhile isn't waited for. */
async function sendWhenKnown(guest: Guest, path: string, response: ServerResponse): Promise<void> {
  const { content } = guest;
  if (content.isComplete !== null) await soonerOf(content.isComplete, HOLD_MS, response);
  const body = await content.tree.get(path);
  if (body === undefined) response.writeHead(404, { "content-length": 0 }).end();
  else await sendBody(guest, response, body);
}

/** Who waits for a promise. */
const waiters = new WeakMap<Promise<void>, Set<() => void>>();

/** Each of these goes when it has waited enough: what hangs on a promise itself stays as long as that, and a guest could ask for ever. */
function waitersFor(known: Promise<void>): Set<() => void> {
  const before = waiters.get(known);
  if (before !== undefined) return before;
  const waiting = new Set<() => void>();
  waiters.set(known, waiting);
  void known.then(() => {
    waiters.delete(known);
    for (const finish of waiting) finish();
  });
  return waiting;
}

/** Until a promise resolves, so many milliseconds are over, or the guest has hung up. */
function soonerOf(known: Promise<void>, milliseconds: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const waiting = waitersFor(known);
    const finish = (): void => {
      waiting.delete(finish);
      clearTimeout(timer);
      response.off("close", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    response.once("close", finish);
    waiting.add(finish);
  });
}

/** Only GET and HEAD without a body are plain; anything else is answered here. */
function isPlain(guest: Guest, request: IncomingMessage, response: ServerResponse): boolean {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && !hasBody(request)) return true;
  refuse(guest, request, response, isRead ? 400 : 405, { allow: "GET, HEAD" });
  return false;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] !== undefined && Number(headers["content-length"]) !== 0);
}

/** A token that was sent has to be right, also where none is needed: as EC2. */
function mayAsk(guest: Guest, path: string, { headers }: IncomingMessage): boolean {
  const token = headers[TOKEN_HEADER];
  if (token !== undefined) return typeof token === "string" && guest.tokens.isValid(token, performance.now());
  return !guest.content.requireTokens || !guest.content.tree.needsToken(path);
}

/** `PUT /latest/api/token`. A request that somebody has forwarded isn't the guest's own wish: a proxy in it was tricked. */
function giveToken(guest: Guest, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "PUT") {
    refuse(guest, request, response, 405, { allow: "PUT" });
    return;
  }
  if (request.headers["x-forwarded-for"] !== undefined) {
    refuse(guest, request, response, 403);
    return;
  }
  const header = request.headers[TTL_HEADER];
  const ttl = parseTtl(typeof header === "string" ? header : undefined);
  if (ttl === null || hasBody(request)) {
    refuse(guest, request, response, 400);
    return;
  }
  const token = guest.tokens.issue(ttl, performance.now());
  response.writeHead(200, { "content-type": "text/plain", "content-length": token.length, [TTL_HEADER]: String(ttl) }).end(token);
}

/** An answer without a body. What comes with the request isn't waited for: a connection with a body on its way ends. */
function refuse(guest: Guest, request: IncomingMessage, response: ServerResponse, status: Refusal, { allow }: { readonly allow?: string } = {}): void {
  const headers: Readonly<Record<string, string>> = status === 405 && allow !== undefined ? { allow } : {};
  if (hasBody(request)) refuseBody(guest, request, response, status, headers);
  else response.writeHead(status, { ...headers, "content-length": 0 }).end();
}

function sendBody(guest: Guest, response: ServerResponse, body: MetadataBody): Promise<void> | undefined {
  switch (body.kind) {
    case "text":
      send(response, body.bytes, body.type);
      return undefined;
    case "file":
      return sendFile(guest, response, body);
    case "later":
      response.writeHead(503, { "retry-after": "1", "content-length": 0 }).end();
      return undefined;
  }
}

async function sendLater(guest: Guest, response: ServerResponse, body: Promise<MetadataBody>): Promise<void> {
  const known = await body.catch((error: unknown) => {
    guest.notice("unreadable", error);
    return null;
  });
  if (known === null) response.writeHead(500, { "content-length": 0 }).end();
  else await sendBody(guest, response, known);
}

async function sendFile(guest: Guest, response: ServerResponse, { path, length }: Extract<MetadataBody, { readonly kind: "file" }>): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    guest.notice("unreadable", error);
    return null;
  });
  if (file === null) {
    response.writeHead(500, { "content-length": 0 }).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/x-tar", "content-length": length });
  if (response.req.method !== "HEAD" && length > 0) {
    // What is there is as long as was said, or the connection breaks off: it closes the file either way.
    await pipeline(file.createReadStream({ end: length - 1 }), response);
    return;
  }
  await file.close();
  response.end();
}

function send(response: ServerResponse, bytes: Buffer, type: string): void {
  response.writeHead(200, ["content-type", type, "content-length", String(bytes.length)]).end(bytes);
}
