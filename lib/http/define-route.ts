import type { z } from "zod";
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { Operation } from "#lib/domain/access.ts";
import type { ARCHIVE_BODY } from "./limits.ts";
import { parseWith } from "./parse.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** A request before its parts are checked. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  /** Parsed JSON, or bytes where the route takes an archive; undefined for a route without a body. */
  readonly body: unknown;
  readonly headers: Headers;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

/** What an open route gets: there is no identity. */
export interface OpenContext {
  readonly services: Services;
  readonly address: string | null;
  readonly requestId: string;
}

interface Shape<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: Method;
  /** As in OpenAPI: `/api/v1/instances/{name}`. */
  readonly path: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly status: 200 | 201 | 202;
  /** For a body that isn't JSON: its schema gets the bytes. */
  readonly rawBody?: typeof ARCHIVE_BODY;
}

export interface Input<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** A route as the register lists it and the wrapper carries it out. */
export interface ApiRoute {
  readonly method: Method;
  readonly path: string;
  readonly status: 200 | 201 | 202;
  readonly schemas: { readonly params: z.ZodType; readonly query: z.ZodType; readonly body: z.ZodType };
  /** Whether it has a body at all. */
  readonly hasBody: boolean;
  /** Null: a body is JSON. */
  readonly rawBody: typeof ARCHIVE_BODY | null;
  readonly access:
    | { readonly kind: "operation"; readonly operation: Operation; readonly run: (ctx: RequestContext, input: RawInput) => Promise<unknown> }
    /** Needs no account; whoever asks brings a credential of another kind in the body. */
    | { readonly kind: "open"; readonly run: (ctx: OpenContext, input: RawInput) => Promise<unknown> };
}

/**
 * Describes a route that needs an account: its parts by schema, and the one operation that it calls. What `run` returns is
 * the answer, as JSON with the route's status; a Response is answered as it is.
 */
export function defineRoute<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  shape: Shape<Params, Query, Body> & { readonly operation: Operation; readonly run: (ctx: RequestContext, input: Input<Params, Query, Body>) => Promise<unknown> },
): ApiRoute {
  return { ...common(shape), access: { kind: "operation", operation: shape.operation, run: (ctx, raw) => shape.run(ctx, check(shape, raw)) } };
}

/** Describes a route that is open to those without an account. */
export function defineOpenRoute<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  shape: Shape<Params, Query, Body> & { readonly run: (ctx: OpenContext, input: Input<Params, Query, Body>) => Promise<unknown> },
): ApiRoute {
  return { ...common(shape), access: { kind: "open", run: (ctx, raw) => shape.run(ctx, check(shape, raw)) } };
}

function common(shape: Shape<z.ZodType, z.ZodType, z.ZodType>): Omit<ApiRoute, "access"> {
  const { method, path, status, params, query, body, rawBody = null } = shape;
  return { method, path, status, hasBody: method === "POST" || method === "PATCH", rawBody, schemas: { params, query, body } };
}

function check<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  shape: Shape<Params, Query, Body>,
  raw: RawInput,
): Input<Params, Query, Body> {
  return {
    params: parseWith(shape.params, raw.params),
    query: parseWith(shape.query, raw.query),
    body: parseWith(shape.body, raw.body),
    headers: raw.headers,
    signal: raw.signal,
  };
}
