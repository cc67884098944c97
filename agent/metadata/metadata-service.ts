import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, ListenOptions, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { countChunks } from "./count-chunks.ts";
import { Guest } from "./guest.ts";
import type { MetadataContent } from "./metadata-content.ts";
import { serveRequest } from "./serve-request.ts";
import { isTooLarge } from "./take-write.ts";

/** Of one guest, over all its listeners. */
const MOST_CONNECTIONS = 16;
/** Connections that wait to be accepted: what is accepted together is one stretch of work, in which other guests wait. */
const BACKLOG = 32;
/** Requests that wait behind another on one connection. */
const MOST_PIPELINED = 16;
const HEAD_BYTES = 8_192;
/** Of a body, read ahead. A chunk of one byte takes as much memory as a hundred. */
const READ_AHEAD_BYTES = 4_096;
const HEADERS = 32;
const HEADERS_MS = 10_000;
const CHECK_MS = 2_000;
/** Between two requests of one connection. */
const KEEP_ALIVE_MS = 30_000;

export interface TcpListen {
  readonly host: string;
  /** Null: the guest has no IPv6 on its channel. */
  readonly host6: string | null;
  /** Whether an address, as a socket tells it, is the guest's: any other is hung up on. */
  readonly isGuest: (address: string) => boolean;
}

export interface TcpService {
  readonly port: number;
  readonly port6: number | null;
  close(): Promise<void>;
}

/**
 * The metadata service for one guest (design: "The service"). Who is asking is decided by where it listens: on the one socket that
 * belongs to the guest, or on ports to which only the guest's own interface leads, its address compared as well.
 */
export class MetadataService {
  readonly #servers: readonly Server[];

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /** Session mode: on a unix socket, where an earlier one may have been left. */
  static async listenUnix(socketPath: string, content: MetadataContent, log: Logger): Promise<MetadataService> {
    await rm(socketPath, { force: true });
    const server = createGuestServer(new Guest(content, log), null);
    await listen(server, { path: socketPath });
    return new MetadataService([server]);
  }

  /** System mode: on any free port of each address, which have to be this machine's. */
  static async listenTcp({ host, host6, isGuest }: TcpListen, content: MetadataContent, log: Logger): Promise<TcpService> {
    const guest = new Guest(content, log);
    const servers: Server[] = [];
    const service = new MetadataService(servers);
    const open = async (options: ListenOptions): Promise<number> => {
      const server = createGuestServer(guest, isGuest);
      await listen(server, { ...options, port: 0 });
      servers.push(server);
      // Listening on a port: an address is an object.
      return (server.address() as AddressInfo).port;
    };
    try {
      const port = await open({ host });
      const port6 = host6 === null ? null : await open({ host: host6, ipv6Only: true });
      return { port, port6, close: () => service.close() };
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  /** Ends every connection. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        const closed = new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
        });
        server.closeAllConnections();
        return closed;
      }),
    );
  }
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function createGuestServer(guest: Guest, isGuest: ((address: string) => boolean) | null): Server {
  const { content } = guest;
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    highWaterMark: READ_AHEAD_BYTES,
    headersTimeout: HEADERS_MS,
    // Bodies have limits of their own (take-write.ts).
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    insecureHTTPParser: false,
    noDelay: true,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = HEADERS;
  server.setTimeout(content.write.limits.stallMs, (socket) => {
    guest.notice("slow");
    socket.destroy();
  });
  // Before the listener that reads requests: what is hung up on here isn't read.
  server.prependListener("connection", (socket: Socket) => {
    takeConnection(guest, socket, isGuest);
  });
  server.on("connection", (socket: Socket) => {
    // What was hung up on costs no turn: whoever it was, the guest would wait for it.
    if (socket.destroyed) return;
    const read = (): void => {
      const more = guest.waitToRead();
      if (more === 0) socket.resume();
      else timer = setTimeout(read, more);
    };
    const wait = Math.max(guest.waitForTurn(), guest.waitToRead());
    if (wait === 0) return;
    // Reading begins when all listeners have been told of the connection, and would begin again.
    process.nextTick(() => socket.pause());
    let timer = setTimeout(read, wait);
    socket.once("close", () => {
      clearTimeout(timer);
    });
  });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    serveRequest(guest, request, response)?.catch(() => {
      // The guest went: its connection ends, and nothing else.
      response.destroy();
    });
  };
  // Whatever a request expects, it waits as any other does.
  const inTurn = (work: (request: IncomingMessage, response: ServerResponse) => void) => (request: IncomingMessage, response: ServerResponse): void => {
    countChunks(guest, request);
    if (response.socket === null && !mayWait(guest, request, response)) return;
    const wait = guest.waitForTurn();
    if (wait === 0) work(request, response);
    else setTimeout(work, wait, request, response);
  };
  server.on("request", inTurn(serve));
  server.on("checkContinue", inTurn((request, response) => {
    if (!isTooLarge(guest, request)) response.writeContinue();
    serve(request, response);
  }));
  server.on("checkExpectation", inTurn((_request, response) => {
    response.writeHead(417, { connection: "close", "content-length": 0 }).end();
  }));
  server.on("drop", content.onRefused);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    refuseConnection(guest, error, socket);
  });
  return server;
}

function takeConnection(guest: Guest, socket: Socket, isGuest: ((address: string) => boolean) | null): void {
  if (isGuest !== null && !isGuest(socket.remoteAddress ?? "")) {
    guest.notice("stranger");
    socket.destroy();
    return;
  }
  guest.connections += 1;
  socket.once("close", () => {
    guest.connections -= 1;
  });
  if (guest.connections <= MOST_CONNECTIONS) return;
  guest.content.onRefused();
  socket.destroy();
}

/** Requests on a connection whose earlier ones aren't answered yet. */
const waiting = new WeakMap<Socket, number>();

/** Whether a request may wait behind others of its connection. */
function mayWait(guest: Guest, { socket }: IncomingMessage, response: ServerResponse): boolean {
  if (socket.destroyed) return false;
  const count = (waiting.get(socket) ?? 0) + 1;
  if (count > MOST_PIPELINED) {
    guest.notice("pipelined");
    socket.destroy();
    return false;
  }
  waiting.set(socket, count);
  response.once("close", () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
  });
  return true;
}

const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** What can't be read as a request, or not in time: told once, answered when it is the guest's turn, and the connection ended. */
function refuseConnection(guest: Guest, { code }: NodeJS.ErrnoException, socket: Duplex): void {
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLate = code === "ERR_HTTP_REQUEST_TIMEOUT";
  guest.notice(isLate ? "slow" : "malformed");
  const end = (): void => {
    socket.end(isLate ? TIMEOUT : BAD_REQUEST, () => {
      socket.destroy();
    });
  };
  const wait = guest.waitForTurn();
  if (wait === 0) end();
  else setTimeout(end, wait);
}
