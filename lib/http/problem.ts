import type { SlipwayError } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { Logger } from "#lib/logging/logger.ts";
import { STATUS_OF_CODE, TITLE_OF_STATUS } from "./status.ts";

/** An error as the API answers it (RFC 9457). Names fields and parameters, never a value. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly field?: string;
  readonly step?: string;
  readonly names?: readonly string[];
  readonly requestId: string;
}

/** Turns whatever was thrown into a problem. What isn't one of our errors goes to the log and is `internal` outside. */
export function toProblem(error: unknown, requestId: string, log: Logger, status?: number): Problem {
  if (!isSlipwayError(error)) {
    log.error({ err: error, requestId }, "request failed");
    return describe("internal", "Something went wrong. The log has it under this request's id.", requestId);
  }
  if (error.cause !== undefined || error.code === "internal") log.warn({ err: error, requestId }, "request failed");
  return describe(error.code, error.message, requestId, error, status);
}

function describe(code: keyof typeof STATUS_OF_CODE, detail: string, requestId: string, error?: SlipwayError, override?: number): Problem {
  const status = override ?? STATUS_OF_CODE[code];
  return {
    type: `urn:slipway:problem:${code}`,
    title: TITLE_OF_STATUS[status] ?? "Error",
    status,
    detail,
    code,
    ...(error?.field === undefined ? {} : { field: error.field }),
    ...(error?.step === undefined ? {} : { step: error.step }),
    ...(error === undefined || error.names.length === 0 ? {} : { names: error.names }),
    requestId,
  };
}

/** The answer that carries a problem. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: problem.status,
    headers: { ...headers, ...SECURITY_HEADERS, "content-type": "application/problem+json", "x-request-id": problem.requestId },
  });
}

/** On every answer of the API: nothing of it is for a cache, a frame or a guess at its type. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};
