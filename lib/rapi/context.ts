import type { RequestContext } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { RapiQuery } from "./query.ts";

/** What a resource gets to answer a request. */
export interface RapiRequest {
  readonly ctx: RequestContext;
  /** What the path holds in the places of its variables. */
  readonly items: readonly string[];
  readonly query: RapiQuery;
  /** Parsed JSON; null without a body. */
  readonly body: unknown;
  /** Fires when the client has gone, and when the process stops. */
  readonly signal: AbortSignal;
}

/** One method of a resource. */
export interface RapiMethod {
  /** What its caller must be allowed to do at all; on which objects is the operation's question. Null: any account. */
  readonly operation: Operation | null;
  readonly run: (request: RapiRequest) => Promise<unknown>;
}

export const RAPI_METHODS = ["GET", "POST", "PUT", "DELETE"] as const;
export type RapiMethodName = (typeof RAPI_METHODS)[number];

/** A path of the remote API and its methods. */
export interface RapiResource {
  /** For people and tests: `/2/instances/NAME`. */
  readonly path: string;
  readonly pattern: RegExp;
  readonly methods: Readonly<Partial<Record<RapiMethodName, RapiMethod>>>;
}
