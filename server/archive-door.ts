import type { IncomingMessage, ServerResponse } from "node:http";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { authenticate } from "#lib/http/authenticate.ts";
import type { Problem } from "#lib/http/problem.ts";
import { problemResponse, toProblem } from "#lib/http/problem.ts";
import { clientAddress } from "#lib/http/stamp.ts";
import type { ArchiveSender } from "./archive-places.ts";
import { ArchivePlaces } from "./archive-places.ts";
import type { ArrivalLimits } from "./watch-arrival.ts";
import { watchArrival } from "./watch-arrival.ts";

/**
 * Who may send an archive now. Asked before the body is read: Next.js takes a body into memory before any route of ours sees the
 * request, so that those without an account, and one account alone, must be stopped here. The route asks again who it is. A place
 * is held by what really comes: of a body that dribbles it is taken away.
 */
export class ArchiveDoor {
  readonly #services: Services;
  readonly #arrival: ArrivalLimits;
  readonly #places = new ArchivePlaces();

  constructor(services: Services, arrival: ArrivalLimits) {
    this.#services = services;
    this.#arrival = arrival;
  }

  /** An answer that turns the request away; null: it may go on, and its place is free again when its response ends or its body doesn't come. */
  async enter(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<Response | null> {
    try {
      const leave = this.#places.take(await this.#sender(request));
      const stop = watchArrival(request, this.#arrival, () => {
        leave();
        this.#endSlow(request, response, requestId);
      });
      const end = (): void => {
        stop();
        leave();
      };
      response.once("close", end);
      // Of a client that has gone while it was asked who it is, nothing more is heard.
      if (response.destroyed) end();
      return null;
    } catch (error) {
      if (!isSlipwayError(error)) this.#services.log.error({ error }, "who sends an archive couldn't be found out");
      const problem = toProblem(error, requestId, this.#services.log);
      return problemResponse(problem, problem.status === 429 ? { "retry-after": "10" } : {});
    }
  }

  async #sender(request: IncomingMessage): Promise<ArchiveSender> {
    const headers = new Headers();
    for (const name of ["authorization", "cookie", "origin", "host"] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const asked = new Request("http://here.invalid/", { method: request.method ?? "POST", headers });
    const { identity } = await authenticate(this.#services, asked, clientAddress(request));
    return identity.kind === "user"
      ? { account: identity.userId, isAdministrator: identity.role === "administrator" }
      : { account: identity.name, isAdministrator: false };
  }

  /** Says so where nothing has been said yet, and ends the connection: the rest of the body would be taken for another request. */
  #endSlow(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    if (response.headersSent) {
      request.destroy();
      return;
    }
    const problem: Problem = toProblem(new SlipwayError("timed_out", "The archive comes too slowly; send it again over a faster connection."), requestId, this.#services.log, 408);
    const body = `${JSON.stringify(problem)}\n`;
    response.once("finish", () => request.destroy());
    response.writeHead(problem.status, { ...Object.fromEntries(problemResponse(problem).headers), "connection": "close", "content-length": Buffer.byteLength(body) });
    response.end(body);
  }
}
