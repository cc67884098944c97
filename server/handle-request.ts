import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Services } from "#lib/context/context.ts";
import { ARCHIVE_BODY, bodyLimit, REQUEST_LIMITS, takesArchive } from "#lib/http/limits.ts";
import { stampRequest } from "#lib/http/stamp.ts";
import { ArchiveDoor } from "./archive-door.ts";
import type { ArrivalLimits } from "./watch-arrival.ts";
import { ARCHIVE_ARRIVAL } from "./watch-arrival.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface MainHandlers {
  readonly services: Services;
  /** Console and API. */
  readonly pages: Handler;
  readonly rapi: Handler;
  /** Whether this process can do what it is for. */
  readonly isReady: () => Promise<boolean>;
  /** How fast archives must come. */
  readonly archiveArrival?: ArrivalLimits;
}

/** Ganeti's paths, which the main port answers as well. */
const RAPI_PATH = /^\/(version|2)(\/|$)/;

/** What the main port does with a request: health, RAPI's paths, and everything else to the pages and API routes. */
export function mainHandler({ services, pages, rapi, isReady, archiveArrival = ARCHIVE_ARRIVAL }: MainHandlers): RequestListener {
  const door = new ArchiveDoor(services, archiveArrival);
  return (request, response) => {
    route(request, response).catch((error: unknown) => {
      services.log.error({ error }, "a request failed");
      if (response.headersSent) response.destroy();
      else answer(response, 500, "internal\n");
    });
  };

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    limitTime(request, path);
    if (path === "/healthz") answer(response, 200, "ok\n");
    else if (path === "/readyz") await answerReady(response);
    else if (RAPI_PATH.test(path)) await rapi(request, response);
    else await answerPages(request, response);
  }

  async function answerReady(response: ServerResponse): Promise<void> {
    if (await isReady()) answer(response, 200, "ready\n");
    else answer(response, 503, "not ready\n");
  }

  async function answerPages(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = addressProblem(request) ?? bodyProblem(request);
    if (problem === null) {
      const { requestId } = stampRequest(request);
      const refusal = takesArchive(request.method ?? "", pathOf(request)) ? await door.enter(request, response, requestId) : null;
      if (refusal === null) await pages(request, response);
      else await answerWith(response, refusal);
    } else {
      response.setHeader("connection", "close");
      answer(response, problem.status, `${problem.text}\n`);
    }
  }
}

/** Methods that pages and API routes can have; what else there is isn't for them. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

interface Problem {
  readonly status: number;
  readonly text: string;
}

/** What no page or route can be asked for, and what Next.js would answer with an error of its own. */
function addressProblem({ method = "", url = "" }: IncomingMessage): Problem | null {
  if (!METHODS.has(method)) return { status: 501, text: "the method isn't supported" };
  if (!url.startsWith("/")) return { status: 400, text: "the address isn't a path" };
  try {
    if (!decodeURIComponent(url.split("?", 1)[0] ?? "").includes("\0")) return null;
  } catch {
    // Falls through: its percent-encoding isn't UTF-8.
  }
  return { status: 400, text: "the address can't be read" };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

/** What a body may take beyond its own limit, for the answer of whoever reads it to come first. */
const GRACE_MILLISECONDS = 15_000;

/** For the server that hands requests to this handler. */
export const LONGEST_REQUEST_MILLISECONDS = ARCHIVE_BODY.ms + GRACE_MILLISECONDS;

/** Ends a request whose body doesn't come. The server's own limit is that of the largest body (LONGEST_REQUEST_MILLISECONDS). */
function limitTime(request: IncomingMessage, path: string): void {
  const timer = setTimeout(() => {
    if (!request.complete) request.destroy();
  }, bodyLimit(request.method ?? "", path).ms + GRACE_MILLISECONDS).unref();
  const stop = (): void => clearTimeout(timer);
  request.once("end", stop);
  request.once("close", stop);
}

/**
 * Next.js reads bodies without a limit, so their length must be known beforehand. A length that is given is kept to by the
 * parser: what comes after it isn't this request's body.
 */
function bodyProblem(request: IncomingMessage): Problem | null {
  if ((request.url?.length ?? 0) > REQUEST_LIMITS.urlLength) return { status: 414, text: "the address is too long" };
  if (request.headers["transfer-encoding"] !== undefined) return { status: 411, text: "a body needs a Content-Length" };
  if (Number(request.headers["content-length"] ?? 0) > bodyLimit(request.method ?? "", pathOf(request)).bytes) return { status: 413, text: "the body is too large" };
  return null;
}

/** What comes of the body is thrown away by the server, so that a client that is still sending reads the answer. */
async function answerWith(response: ServerResponse, refusal: Response): Promise<void> {
  const text = await refusal.text();
  response.writeHead(refusal.status, { ...Object.fromEntries(refusal.headers), "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(text), "cache-control": "no-store" });
  response.end(text);
}
