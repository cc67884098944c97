import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * What the server tells pages and routes of a request, in headers that it alone sets: Next.js hands on neither the
 * connection nor, to pages, the address that was asked for.
 */
export const STAMPS = {
  /** The client's address as the socket has it. */
  address: "x-slipway-client-address",
  requestId: "x-request-id",
  /** Path and query, without Next.js's own parameters. */
  path: "x-slipway-path",
} as const;

/** Of a request id that a client may choose itself: it stands in logs and audit. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/**
 * Called by the server for every request before Next.js sees it. What a client sent under these names is replaced; a
 * request id is kept where it is a harmless one, so that a caller can follow its request.
 */
export function stampRequest(request: IncomingMessage): { readonly requestId: string } {
  const sent = request.headers[STAMPS.requestId];
  const requestId = typeof sent === "string" && REQUEST_ID.test(sent) ? sent : randomUUID();
  request.headers[STAMPS.requestId] = requestId;
  request.headers[STAMPS.address] = clientAddress(request) ?? "";
  request.headers[STAMPS.path] = pathForPages(request.url ?? "/");
  return { requestId };
}

/** The address of the other end, IPv4 without its IPv6 mapping; null once the connection is gone. */
export function clientAddress(request: IncomingMessage): string | null {
  return request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "") ?? null;
}

function pathForPages(url: string): string {
  const question = url.indexOf("?");
  if (question < 0) return url;
  const query = new URLSearchParams(url.slice(question + 1));
  query.delete("_rsc");
  const rest = query.toString();
  return rest === "" ? url.slice(0, question) : `${url.slice(0, question)}?${rest}`;
}
