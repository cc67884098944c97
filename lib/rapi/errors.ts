import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";

/** Python's names for what a status means: clients of the remote API show them. */
const STATUSES = {
  400: { phrase: "Bad Request", explain: "Bad request syntax or unsupported method" },
  401: { phrase: "Unauthorized", explain: "No permission -- see authorization schemes" },
  403: { phrase: "Forbidden", explain: "Request forbidden -- authorization will not help" },
  404: { phrase: "Not Found", explain: "Nothing matches the given URI" },
  408: { phrase: "Request Timeout", explain: "Request timed out; try again later." },
  413: { phrase: "Request Entity Too Large", explain: "Entity is too large." },
  414: { phrase: "Request-URI Too Long", explain: "URI is too long." },
  415: { phrase: "Unsupported Media Type", explain: "Entity body in unsupported format" },
  429: { phrase: "Too Many Requests", explain: "The user has sent too many requests in a given amount of time (\"rate limiting\")" },
  500: { phrase: "Internal Server Error", explain: "Server got itself in trouble" },
  501: { phrase: "Not Implemented", explain: "Server does not support this operation" },
  502: { phrase: "Bad Gateway", explain: "Invalid responses from another server/proxy." },
  503: { phrase: "Service Unavailable", explain: "The server cannot process the request due to a high load" },
  504: { phrase: "Gateway Timeout", explain: "The gateway server did not receive a timely response" },
} as const;
export type RapiStatus = keyof typeof STATUSES;

/** An answer that isn't a success. Without a message of its own it says what the status is called, as Ganeti does. */
export class RapiError extends Error {
  readonly status: RapiStatus;

  constructor(status: RapiStatus, message: string = STATUSES[status].phrase) {
    super(message);
    this.name = "RapiError";
    this.status = status;
  }
}

/** Ganeti's error body. The message is escaped for HTML: that is what its clients have always got. */
export function errorBody(error: RapiError): Readonly<Record<string, unknown>> {
  return { code: error.status, message: escapeHtml(error.message), explain: STATUSES[error.status].explain };
}

export function statusPhrase(status: RapiStatus): string {
  return STATUSES[status].phrase;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Ganeti has fewer statuses than we have codes. A refusal that is about the request itself is 400. */
const STATUS_OF_CODE: Readonly<Record<ErrorCode, RapiStatus>> = {
  invalid: 400,
  unknown_parameter: 400,
  visibility_too_low: 400,
  missing_parameter: 400,
  missing_secret: 400,
  disk_too_small: 400,
  source_refused: 400,
  image_refused: 400,
  unsupported: 400,
  exists: 400,
  conflict: 400,
  unknown_object: 404,
  not_allowed: 403,
  not_signed_in: 401,
  too_large: 413,
  too_many_requests: 429,
  node_unreachable: 502,
  node_refused: 502,
  no_room: 503,
  timed_out: 504,
  source_failed: 500,
  checksum_mismatch: 500,
  script_failed: 500,
  guest_silent: 500,
  cancelled: 500,
  process_lost: 500,
  agent_restarted: 500,
  lease_expired: 500,
  internal: 500,
};

/**
 * What the client gets to see of an error; null for one that isn't ours, whose text is for the log alone. Refusals of
 * access and unknown objects say no more than their status, as Ganeti has it.
 */
export function toRapiError(error: unknown): RapiError | null {
  if (error instanceof RapiError) return error;
  if (!isSlipwayError(error) || error.code === "internal") return null;
  const status = STATUS_OF_CODE[error.code];
  return status === 401 || status === 403 || status === 404 ? new RapiError(status) : new RapiError(status, error.message);
}

/** A thing without which there is nothing to answer about. @throws RapiError 404 */
export function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new RapiError(404);
  return value;
}
