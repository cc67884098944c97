import { randomUUID } from "node:crypto";
import type { RequestContext, Services } from "#lib/context/context.ts";
import { services as installedServices } from "#lib/context/context.ts";
import { requireReach } from "#lib/access/require.ts";
import { SlipwayError, isSlipwayError } from "#lib/domain/errors.ts";
import { authenticate } from "./authenticate.ts";
import type { ApiRoute, RawInput } from "./define-route.ts";
import { parseJsonBody } from "./json.ts";
import { kindOfOperation } from "./kind-of-operation.ts";
import { JSON_BODY, REQUEST_LIMITS } from "./limits.ts";
import { readQuery } from "./parse.ts";
import { problemResponse, SECURITY_HEADERS, toProblem } from "./problem.ts";
import { readBody } from "./read-body.ts";
import { STAMPS } from "./stamp.ts";

/** What Next.js gives a route handler beside the request. */
export interface HandlerContext {
  /** Resolves to undefined where the path has no variables. */
  readonly params: Promise<Readonly<Record<string, string | string[] | undefined>> | undefined>;
}
export type Handler = (request: Request, context: HandlerContext) => Promise<Response>;

/**
 * The one wrapper around every route of the API: request id, identity, limits, parsing, the operation, the answer, errors.
 * Nothing is read of a body before it is known who sends it.
 */
export function handle(route: ApiRoute): Handler {
  return (request, context) => answer(installedServices(), route, request, context);
}

/** As `handle`, with the services given: for tests. */
export async function answer(services: Services, route: ApiRoute, request: Request, context: HandlerContext): Promise<Response> {
  const requestId = request.headers.get(STAMPS.requestId) ?? randomUUID();
  const started = performance.now();
  const response = await carryOut(services, route, request, context, requestId).catch((error: unknown) => refuse(services, request, requestId, error));
  services.log.info(
    { requestId, method: route.method, route: route.path, status: response.status, ms: Math.round(performance.now() - started) },
    "api",
  );
  return response;
}

async function carryOut(services: Services, route: ApiRoute, request: Request, context: HandlerContext, requestId: string): Promise<Response> {
  const address = request.headers.get(STAMPS.address) || null;
  if (request.url.length > REQUEST_LIMITS.urlLength) throw new SlipwayError("invalid", "The address is too long");
  const run = await prepare(services, route, request, { address, requestId });
  const input: RawInput = {
    params: (await context.params) ?? {},
    query: readQuery(new URL(request.url)),
    body: await readContent(route, request),
    headers: request.headers,
    signal: request.signal,
  };
  const result = await withinTime(run(input));
  if (result instanceof Response) return result;
  return new Response(`${JSON.stringify(result)}\n`, {
    status: route.status,
    headers: { ...SECURITY_HEADERS, "content-type": "application/json", "x-request-id": requestId },
  });
}

/** Who may call this route at all is settled before its input is looked at; on which objects, by the operation. */
async function prepare(
  services: Services,
  route: ApiRoute,
  request: Request,
  asked: { readonly address: string | null; readonly requestId: string },
): Promise<(input: RawInput) => Promise<unknown>> {
  const { access } = route;
  if (access.kind === "open") return (input) => access.run({ services, ...asked }, input);
  const caller = await authenticate(services, request, asked.address);
  const ctx: RequestContext = { services, ...caller, ...asked };
  await requireReach(ctx, access.operation, kindOfOperation(access.operation));
  return (input) => access.run(ctx, input);
}

async function readContent(route: ApiRoute, request: Request): Promise<unknown> {
  if (!route.hasBody) return undefined;
  const type = request.headers.get("content-type") ?? "";
  return route.rawBody === null ? readJson(request, type) : readRaw(request, type, route.rawBody);
}

async function readRaw(request: Request, type: string, raw: NonNullable<ApiRoute["rawBody"]>): Promise<Uint8Array> {
  if (!raw.contentTypes.some((known) => known === type.trim().toLowerCase())) {
    throw new SlipwayError("invalid", `Send the archive as one of ${raw.contentTypes.join(", ")}`, { field: "content-type" });
  }
  return readBody(request, raw);
}

async function readJson(request: Request, type: string): Promise<unknown> {
  const body = await readBody(request, JSON_BODY);
  if (body.byteLength === 0) return undefined;
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new SlipwayError("invalid", "Send the body as application/json", { field: "content-type" });
  }
  return parseJsonBody(body);
}

/** An operation that is too slow isn't stopped, but its caller is told. */
async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SlipwayError("timed_out", "This takes too long; what was begun goes on")), REQUEST_LIMITS.operationMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(services: Services, request: Request, requestId: string, error: unknown): Response {
  const problem = toProblem(error, requestId, services.log, statusOverride(error));
  return problemResponse(problem, {
    // A browser would answer the challenge with a window of its own over the console.
    ...(problem.status === 401 && !request.headers.has("sec-fetch-mode") ? { "www-authenticate": 'Basic realm="Slipway", charset="UTF-8"' } : {}),
    ...(problem.status === 429 ? { "retry-after": "10" } : {}),
  });
}

function statusOverride(error: unknown): number | undefined {
  return isSlipwayError(error) && error.code === "invalid" && error.field === "content-type" ? 415 : undefined;
}
