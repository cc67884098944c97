import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { TLSSocket } from "node:tls";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { AgentBackend } from "./backend.ts";
import { statusOf, toAnswer } from "./errors.ts";
import { openConsole } from "./open-console.ts";
import { ROUTES } from "./routes.ts";

const LAST_CALLS_MS = 2_000;

export interface AgentApiOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Names that a client certificate may carry (common name or DNS name). */
  readonly allowedClients: readonly string[];
  readonly backend: AgentBackend;
  readonly log: Logger;
}

export interface AgentApi {
  readonly address: { readonly host: string; readonly port: number };
  /** Lets calls under way end, for two seconds; `atOnce`: ends every connection. */
  close(how?: { readonly atOnce: boolean }): Promise<void>;
}

/**
 * The agent's one way in: TLS 1.3, a client certificate of the cluster's CA whose name is on the list (design: daemons, "TLS
 * 1.3 with client certificates and a list of allowed names; no plain TCP at all").
 */
export async function startAgentApi(options: AgentApiOptions): Promise<AgentApi> {
  const closing = new AbortController();
  const server = createServer({
    ...options.tls,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    // Blobs and event streams last longer than any limit for a whole request; routes have limits of their own.
    requestTimeout: 0,
    headersTimeout: 10_000,
    keepAliveTimeout: 60_000,
    maxHeaderSize: 8_192,
    handshakeTimeout: 10_000,
  });
  server.maxConnections = 256;
  server.maxHeadersCount = 64;
  server.on("request", (request, response) => {
    void answer(options, request, response, closing.signal);
  });
  // Closing ends the connections that HTTP knows of; one in its handshake isn't among them, and would go on for ever.
  server.on("upgrade", (request, socket, head) => {
    const isAllowedHere = (one: unknown): boolean => isAllowed(one, options.allowedClients);
    void openConsole({ backend: options.backend, log: options.log, isAllowed: isAllowedHere, closing: closing.signal }, request, socket, head);
  });
  server.on("secureConnection", (socket) => {
    if (closing.signal.aborted) socket.destroy();
  });
  server.on("tlsClientError", (error) => {
    options.log.warn({ reason: error.message }, "a client was turned away");
  });
  await listen(server, options.host, options.port);
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: options.host, port },
    close: (how) => {
      closing.abort();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeIdleConnections();
        if (how?.atOnce === true) server.closeAllConnections();
        else setTimeout(() => server.closeAllConnections(), LAST_CALLS_MS).unref();
      });
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Whether the certificate's common name or one of its DNS names is on the list. */
function isAllowed(socket: unknown, allowed: readonly string[]): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const certificate = socket.getPeerCertificate();
  const names = (certificate.subjectaltname ?? "").split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []));
  const { CN: commonNames } = certificate.subject;
  if (commonNames !== undefined) names.push(...[commonNames].flat());
  return names.some((name) => allowed.includes(name));
}

async function answer(options: AgentApiOptions, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  try {
    if (!isAllowed(request.socket, options.allowedClients)) {
      throw new SlipwayError("not_allowed", "The certificate's name isn't on this agent's list of clients.");
    }
    const route = ROUTES.find(({ method, path: pattern }) => method === request.method && pattern.test(path));
    if (route === undefined) throw new SlipwayError("unknown_object", "There is no such route.");
    if (route.timeoutMs !== null) timer = setTimeout(() => request.socket.destroy(), route.timeoutMs);
    const [, id = "", name = ""] = route.path.exec(path) ?? [];
    const query = new URL(request.url ?? "/", "https://agent").searchParams;
    const result = await route.handle({ backend: options.backend, request, response, id, name, query, closing });
    if (result === "answered") return;
    if (result === undefined) response.writeHead(204).end();
    else sendJson(response, response.statusCode, result);
  } catch (error) {
    if (request.destroyed && !request.complete) {
      options.log.info({ method: request.method, path }, "a caller went before it had said everything");
      return;
    }
    const refusal = toAnswer(error);
    const log = { method: request.method, path, code: refusal.code, field: refusal.field, ms: Math.round(performance.now() - started) };
    if (refusal.code === "internal") options.log.error({ ...log, err: refusal.cause }, "a call failed");
    else options.log.info(log, "a call was refused");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What is left of the body isn't read: the connection can't serve another request.
    if (!request.complete) response.setHeader("connection", "close");
    const { code, message, field } = refusal;
    sendJson(response, statusOf(code), { code, message, ...(field === undefined ? {} : { field }) });
  } finally {
    clearTimeout(timer);
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), "cache-control": "no-store" });
  response.end(text);
}
