import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Logger } from "pino";
import type { ReadPipe } from "./read-pipe.ts";
import type { WritePipe } from "./write-pipe.ts";

/** Versions of the tree, oldest first; `latest` is the last. */
const VERSIONS = ["2026-11-20", "latest"];

/** What a guest may fetch: a text in memory (never on disk, it may hold values) or a file. */
export type MetadataBody = { readonly kind: "text"; readonly text: string; readonly type: string } | { readonly kind: "file"; readonly path: string; readonly length: number };

export interface MetadataContent {
  /** By path below a version: `meta_data.json`, `os/parameters.json` … */
  readonly documents: ReadonlyMap<string, () => Promise<MetadataBody>>;
  readonly read: ReadPipe;
  readonly write: WritePipe;
  /** The guest has asked for something. */
  readonly onContact: () => void;
  /** The guest has more connections than are served, and this one was refused. */
  readonly onRefused: () => void;
}

const MOST_CONNECTIONS = 16;
const HEADERS_MS = 10_000;
/** A connection in which nothing moves for so long is closed; a script may be silent for a while on an open `write`. */
const IDLE_MS = 300_000;
const HIGHEST_LINE_NUMBER = 1_000_000_000;

/**
 * The metadata service for one guest, on the one socket that belongs to it (design: "The service"): who is asking is
 * decided by the socket. Lives as long as the appliance runs.
 */
export class MetadataService {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(socket: string, content: MetadataContent, log: Logger): Promise<MetadataService> {
    await rm(socket, { force: true });
    const server = createServer({ maxHeaderSize: 8_192, headersTimeout: HEADERS_MS, requestTimeout: 0, connectionsCheckingInterval: 2_000 });
    server.maxConnections = MOST_CONNECTIONS;
    server.maxHeadersCount = 32;
    server.setTimeout(IDLE_MS, (connection) => connection.destroy());
    server.on("request", (request, response) => {
      answer(content, request, response).catch((error: unknown) => {
        // The guest went, or sent nonsense: its connection ends, and nothing else.
        log.debug({ reason: error instanceof Error ? error.message : "unknown" }, "a guest's request broke off");
        response.destroy();
      });
    });
    server.on("drop", content.onRefused);
    server.on("clientError", (_error, connection) => connection.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    return new MetadataService(server);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(content: MetadataContent, request: IncomingMessage, response: ServerResponse): Promise<void> {
  content.onContact();
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const parts = path.split("/").filter((part) => part !== "");
  if (request.method === "POST" && parts.length === 3 && isVersion(parts) && parts[2] === "write") {
    const first = Number(request.headers["slipway-first-line"] ?? Number.NaN);
    const firstLine = Number.isInteger(first) && first >= 0 && first < HIGHEST_LINE_NUMBER ? first : null;
    await content.write.take(contacts(request, content.onContact), firstLine);
    response.writeHead(204).end();
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { connection: "close" }).end();
    return;
  }
  if (isVersion(parts) && parts.length === 3 && parts[2] === "read") {
    send(response, request.method === "HEAD" ? Buffer.alloc(0) : content.read.take(), "application/octet-stream");
    return;
  }
  const body = isVersion(parts) ? await content.documents.get(parts.slice(2).join("/"))?.() : undefined;
  if (body?.kind === "file") {
    response.writeHead(200, { "content-type": "application/x-tar", "content-length": body.length });
    await pipeline(createReadStream(body.path), response);
    return;
  }
  if (body !== undefined) {
    send(response, Buffer.from(body.text, "utf8"), body.type);
    return;
  }
  const listing = list(content, parts);
  if (listing === null) response.writeHead(404, { "content-length": 0 }).end();
  else send(response, Buffer.from(listing.join("\n"), "utf8"), "text/plain");
}

/** `/ganeti/<version>/…` */
function isVersion(parts: readonly string[]): boolean {
  return parts[0] === "ganeti" && VERSIONS.includes(parts[1] ?? "");
}

/** The names in a directory, as EC2 gives them (a trailing slash is a directory); null where there is none. */
function list(content: MetadataContent, parts: readonly string[]): string[] | null {
  if (parts.length === 0) return ["ganeti/"];
  if (parts.length === 1 && parts[0] === "ganeti") return VERSIONS.map((version) => `${version}/`);
  if (!isVersion(parts)) return null;
  const folder = parts.slice(2).map((part) => `${part}/`).join("");
  const paths = [...content.documents.keys(), "read", "write"].filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  if (paths.length === 0) return null;
  return [...new Set(paths.map((path) => (path.includes("/") ? path.slice(0, path.indexOf("/") + 1) : path)))].sort();
}

async function* contacts(request: IncomingMessage, onContact: () => void): AsyncGenerator<Buffer, void, void> {
  // Without an encoding set, a request yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    onContact();
    yield chunk;
  }
}

function send(response: ServerResponse, body: Buffer, type: string): void {
  response.writeHead(200, { "content-type": type, "content-length": body.length }).end(body);
}
