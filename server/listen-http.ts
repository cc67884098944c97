import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { endWith } from "./end-with.ts";

/** What a client may cost before anything of it is understood. Milliseconds and bytes. */
const SERVER_LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
} as const;
const MOST_CONNECTIONS = 2_000;
const MOST_HEADERS = 100;
/** Milliseconds that requests have to end once the server closes. */
const CLOSE_MILLISECONDS = 5_000;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** PEM texts. Null: plain HTTP, which the configuration allows on loopback only. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly handle: RequestListener;
  /** For what is to become another protocol; left out, nothing may. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Milliseconds in which a request must have come, body and all; for a handler that limits most of them further itself. */
  readonly requestMs?: number;
}

export interface Listening {
  readonly host: string;
  /** The real one, where any free one was asked for. */
  readonly port: number;
  /** Takes no more connections, lets requests end, and cuts those that don't. */
  close(): Promise<void>;
}

/** Certificate and key from the files that the settings name. */
export function readTlsFiles(files: { readonly certFile: string; readonly keyFile: string }): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(files.certFile, "utf8"), key: readFileSync(files.keyFile, "utf8") };
}

/** Listens with limits on headers, time and connections. */
export async function listenHttp({ host, port, tls, handle, upgrade = refuseUpgrade, requestMs = SERVER_LIMITS.requestTimeout }: ListenOptions): Promise<Listening> {
  const limits = { ...SERVER_LIMITS, requestTimeout: requestMs };
  const server: Server =
    tls === null ? createHttpServer(limits, handle) : createHttpsServer({ ...limits, ...tls, minVersion: "TLSv1.2", handshakeTimeout: 10_000 }, handle);
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = MOST_HEADERS;
  // Closing ends the connections that HTTP knows of; one in its TLS handshake isn't among them, and would go on for ever.
  server.on("secureConnection", (socket: Duplex) => {
    if (!server.listening) socket.destroy();
  });
  server.on("upgrade", upgrade);
  server.on("clientError", refuseBadRequest);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    host,
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MILLISECONDS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** Nothing here speaks another protocol. */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  endWith(socket, "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

function refuseBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "408 Request Timeout" : "400 Bad Request";
  endWith(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
