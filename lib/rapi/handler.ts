import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import { kindOfOperation } from "#lib/http/kind-of-operation.ts";
import { readBasicCredentials } from "#lib/http/basic-credentials.ts";
import { REQUEST_LIMITS } from "#lib/http/limits.ts";
import { clientAddress } from "#lib/http/stamp.ts";
import { verifyCredentials } from "#lib/users/verify-credentials.ts";
import type { RapiMethod, RapiMethodName, RapiResource } from "./context.ts";
import { RAPI_METHODS } from "./context.ts";
import { errorBody, RapiError, statusPhrase, toRapiError } from "./errors.ts";
import { dumpJson } from "./python-json.ts";
import { RapiQuery } from "./query.ts";
import { readJsonBody } from "./read-request.ts";
import { RAPI_RESOURCES } from "./resources.ts";

/** Milliseconds in which every answer must be there; a wait for a job takes ten seconds of it. */
const ANSWER_MS = REQUEST_LIMITS.operationMs;

/**
 * Ganeti's remote API over our operations (design: rapi). For the plain server of node:http, because its clients send a body
 * with GET, which the web's own request type can't carry. Never rejects: whatever happens is answered and logged.
 *
 * `stopping` ends what waits, when the process stops.
 */
export function createRapiHandler(services: Services, stopping: AbortSignal = new AbortController().signal): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const started = performance.now();
    const requestId = randomUUID();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    let path = "";
    try {
      const found = route(request);
      path = found.resource.path;
      const ctx = await authenticate(services, request, requestId);
      if (found.method.operation !== null) await requireReach(ctx, found.method.operation, kindOfOperation(found.method.operation));
      const body = await readJsonBody(request);
      const signal = AbortSignal.any([gone.signal, stopping]);
      const work = found.method.run({ ctx, items: found.items, query: found.query, body, signal });
      send(request, response, 200, "OK", await withinTime(work));
    } catch (error) {
      sendError(services, request, response, requestId, error);
    }
    services.log.info({ requestId, method: request.method, route: path, status: response.statusCode, ms: Math.round(performance.now() - started) }, "rapi");
  };
}

interface Found {
  readonly resource: RapiResource;
  readonly method: RapiMethod;
  readonly items: readonly string[];
  readonly query: RapiQuery;
}

/** Path and verb come before credentials, as in Ganeti: they say nothing of this cluster. */
function route(request: IncomingMessage): Found {
  const url = request.url ?? "/";
  if (url.length > REQUEST_LIMITS.urlLength) throw new RapiError(414);
  const question = url.indexOf("?");
  const path = question < 0 ? url : url.slice(0, question);
  for (const resource of RAPI_RESOURCES) {
    const match = resource.pattern.exec(path);
    if (match === null) continue;
    const method = isMethodName(request.method) ? resource.methods[request.method] : undefined;
    if (method === undefined) throw new RapiError(501, `Method ${request.method ?? ""} is unsupported for path ${path}`);
    return { resource, method, items: match.slice(1), query: new RapiQuery(question < 0 ? "" : url.slice(question + 1)) };
  }
  throw new RapiError(404);
}

function isMethodName(name: string | undefined): name is RapiMethodName {
  return RAPI_METHODS.some((method) => method === name);
}

async function authenticate(services: Services, request: IncomingMessage, requestId: string): Promise<RequestContext> {
  const address = clientAddress(request);
  const sent = readBasicCredentials(request.headers.authorization);
  const verified = sent === null ? null : await verifyCredentials(services, { ...sent, address });
  if (verified === null) throw new RapiError(401);
  const { userId, name, role } = verified;
  return { services, identity: { kind: "user", userId, name, role }, interface: "rapi", address, requestId };
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RapiError(504)), ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sendError(services: Services, request: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): void {
  const known = toRapiError(error);
  if (known === null) services.log.error({ err: error, requestId }, "rapi request failed");
  const answer = known ?? new RapiError(500);
  if (answer.status === 401) response.setHeader("WWW-Authenticate", 'Basic realm="Ganeti Remote API"');
  if (answer.status === 429) response.setHeader("Retry-After", "10");
  send(request, response, answer.status, statusPhrase(answer.status), errorBody(answer));
}

function send(request: IncomingMessage, response: ServerResponse, status: number, phrase: string, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${dumpJson(body)}\n`;
  // What is left of a body that nobody reads must not be taken for the next request.
  if (!request.complete) response.setHeader("Connection", "close");
  response.writeHead(status, phrase, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    Server: "Slipway",
  });
  response.end(text);
}
