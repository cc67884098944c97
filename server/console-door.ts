import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { AllowedConsole } from "#lib/console/open-console.ts";
import { allowConsole } from "#lib/console/open-console.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { authenticate } from "#lib/http/authenticate.ts";
import { REQUEST_LIMITS } from "#lib/http/limits.ts";
import { problemResponse, toProblem } from "#lib/http/problem.ts";
import { STATUS_OF_CODE } from "#lib/http/status.ts";
import { stampRequest, clientAddress } from "#lib/http/stamp.ts";
import { endWith } from "./end-with.ts";
import { joinConsole, keepTyped } from "./join-console.ts";

/** `GET /api/v1/instances/{name}/console`, upgraded to a WebSocket. */
const CONSOLE_PATH = /^\/api\/v1\/instances\/([^/]+)\/console\/?$/;

/** Consoles at a time. */
export const CONSOLES_AT_ONCE = { process: 200, account: 8 } as const;

export interface ConsoleLimits {
  /** Milliseconds after which it is asked again whether this person may be at this console, and whether the other end is still there. */
  readonly checkMs: number;
  /** Milliseconds in which the node must have answered. */
  readonly openMs: number;
}
const LIMITS: ConsoleLimits = { checkMs: 15_000, openMs: 20_000 };

/** Of what is typed in one message: a paste. */
const MESSAGE_BYTES = 65_536;

/**
 * WebSockets to serial consoles, and no other upgrade. Who asks is found out as everywhere else, but that a session counts only from a
 * page of ours also here, where a browser lets any page ask. What goes wrong before the handshake is answered as the API answers; after
 * it, by a close code of 4000 plus the status, and the sentence (docs/api.md).
 */
export class ConsoleDoor {
  readonly #services: Services;
  readonly #limits: ConsoleLimits;
  readonly #sockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: MESSAGE_BYTES, perMessageDeflate: false });
  /** Account of each that is open or being opened. */
  readonly #open = new Map<symbol, string>();
  readonly #enders = new Set<() => void>();

  constructor(services: Services, limits: ConsoleLimits = LIMITS) {
    this.#services = services;
    this.#limits = limits;
  }

  /** For a server's `upgrade` event. */
  readonly take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy());
    const { requestId } = stampRequest(request);
    this.#admit(request, requestId).then(
      ({ ctx, name, console, leave }) => {
        socket.once("close", leave);
        if (socket.destroyed) leave();
        else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => void this.#serve(webSocket, request, ctx, name, console));
      },
      (error: unknown) => void this.#refuse(socket, error, requestId),
    );
  };

  /** Ends all: their clients come again to another controller. */
  close(): void {
    for (const end of this.#enders) end();
  }

  async #admit(request: IncomingMessage, requestId: string): Promise<{ ctx: RequestContext; name: string; console: AllowedConsole; leave: () => void }> {
    const name = nameIn(request.url ?? "");
    if (name === null) throw new SlipwayError("unknown_object", "There is no WebSocket here");
    const ctx = await this.#contextOf(request, requestId);
    const leave = this.#takePlace(ctx);
    try {
      return { ctx, name, console: await allowConsole(ctx, name), leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #contextOf(request: IncomingMessage, requestId: string): Promise<RequestContext> {
    const headers = new Headers();
    for (const field of ["authorization", "cookie", "origin", "host"] as const) {
      const value = request.headers[field];
      if (value !== undefined) headers.set(field, value);
    }
    const address = clientAddress(request);
    // As one that changes something: of those, a session's origin is looked at.
    const caller = await authenticate(this.#services, new Request("http://here.invalid/", { method: "POST", headers }), address);
    return { services: this.#services, ...caller, address, requestId };
  }

  #takePlace({ identity }: RequestContext): () => void {
    const account = identity.kind === "user" ? identity.userId : identity.name;
    const held = [...this.#open.values()].filter((one) => one === account).length;
    if (held >= CONSOLES_AT_ONCE.account || this.#open.size >= CONSOLES_AT_ONCE.process) {
      throw new SlipwayError("too_many_requests", held >= CONSOLES_AT_ONCE.account ? `You have ${held} consoles open, which is as many as one may have.` : "As many consoles are open as may be.");
    }
    const place = Symbol(account);
    this.#open.set(place, account);
    return () => this.#open.delete(place);
  }

  async #serve(webSocket: WebSocket, request: IncomingMessage, ctx: RequestContext, name: string, console: AllowedConsole): Promise<void> {
    const gone = new AbortController();
    const takeTyped = keepTyped(webSocket);
    webSocket.on("error", () => webSocket.terminate());
    webSocket.once("close", () => gone.abort());
    const end = (): void => webSocket.close(1012, "The controller ends. Connect again.");
    this.#enders.add(end);
    gone.signal.addEventListener("abort", () => this.#enders.delete(end));
    try {
      const stream = await console.open(AbortSignal.any([gone.signal, AbortSignal.timeout(this.#limits.openMs)]));
      // Who was gone before it came would keep it from everybody.
      if (gone.signal.aborted) {
        stream.destroy();
        return;
      }
      const typed = takeTyped();
      if (typed.length > 0) stream.write(typed);
      joinConsole(webSocket, stream, {
        checkMs: this.#limits.checkMs,
        // Signed out, disabled, no longer the owner: then it isn't this person's console any more.
        check: async () => {
          await allowConsole(await this.#contextOf(request, ctx.requestId), name);
        },
        onRefused: (error) => this.#closeWith(webSocket, error, ctx.requestId),
      });
    } catch (error) {
      this.#closeWith(webSocket, error, ctx.requestId);
    }
  }

  #closeWith(webSocket: WebSocket, error: unknown, requestId: string): void {
    const problem = toProblem(error, requestId, this.#services.log);
    webSocket.close(4000 + problem.status, shortened(problem.detail));
  }

  async #refuse(socket: Duplex, error: unknown, requestId: string): Promise<void> {
    const problem = toProblem(error, requestId, this.#services.log);
    const code = isSlipwayError(error) ? error.code : "internal";
    const response = problemResponse(problem, { connection: "close", ...(code === "not_signed_in" ? { "www-authenticate": 'Basic realm="Slipway", charset="UTF-8"' } : {}) });
    const body = await response.text();
    const headers = [...response.headers, ["content-length", String(Buffer.byteLength(body))]].map(([field, value]) => `${field}: ${value}`);
    endWith(socket, `HTTP/1.1 ${STATUS_OF_CODE[code]} ${STATUS_CODES[STATUS_OF_CODE[code]] ?? ""}\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
  }
}

/** The instance that an address names; null: it names none. */
function nameIn(url: string): string | null {
  if (url.length > REQUEST_LIMITS.urlLength) return null;
  try {
    const part = CONSOLE_PATH.exec(url.split("?", 1)[0] ?? "")?.[1];
    const name = part === undefined ? null : decodeURIComponent(part);
    return name === null || name.length > 253 || name.includes("\0") ? null : name;
  } catch {
    return null;
  }
}

/** A close frame has room for 123 bytes. */
function shortened(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  return bytes.length <= 123 ? text : `${bytes.subarray(0, 117).toString("utf8").replace(/\uFFFD+$/, "")}…`;
}
