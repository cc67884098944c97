import type { IncomingMessage, ServerResponse } from "node:http";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { authenticate } from "#lib/http/authenticate.ts";
import { problemResponse, toProblem } from "#lib/http/problem.ts";
import { clientAddress } from "#lib/http/stamp.ts";

/** Archives that are read at the same moment: each is in memory whole, packed and unpacked. */
export const ARCHIVES_AT_ONCE = { process: 4, account: 2 } as const;

/**
 * Who may send an archive now. Asked before the body is read: Next.js takes a body into memory before any route of ours sees the
 * request, so that those without an account, and one account alone, must be stopped here. The route asks again who it is.
 */
export class ArchiveDoor {
  readonly #services: Services;
  /** How many are inside, by account. */
  readonly #inside = new Map<string, number>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** An answer that turns the request away; null: it may go on, and its place is free again when its response ends. */
  async enter(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<Response | null> {
    try {
      const account = await this.#account(request);
      const leave = this.#take(account);
      response.once("close", leave);
      // Of a client that has gone while it was asked who it is, nothing more is heard.
      if (response.destroyed) leave();
      return null;
    } catch (error) {
      if (!isSlipwayError(error)) this.#services.log.error({ error }, "who sends an archive couldn't be found out");
      const problem = toProblem(error, requestId, this.#services.log);
      return problemResponse(problem, problem.status === 429 ? { "retry-after": "10" } : {});
    }
  }

  async #account(request: IncomingMessage): Promise<string> {
    const headers = new Headers();
    for (const name of ["authorization", "cookie", "origin", "host"] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers.set(name, value);
    }
    const asked = new Request("http://here.invalid/", { method: request.method ?? "POST", headers });
    const { identity } = await authenticate(this.#services, asked, clientAddress(request));
    return identity.kind === "user" ? identity.userId : identity.name;
  }

  /** @returns how to give the place back; more than once does no harm. */
  #take(account: string): () => void {
    const all = [...this.#inside.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#inside.get(account) ?? 0;
    if (all >= ARCHIVES_AT_ONCE.process || own >= ARCHIVES_AT_ONCE.account) {
      throw new SlipwayError("too_many_requests", "Other archives are being read; send this one again in a moment.");
    }
    this.#inside.set(account, own + 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const left = (this.#inside.get(account) ?? 1) - 1;
      if (left === 0) this.#inside.delete(account);
      else this.#inside.set(account, left);
    };
  }
}
