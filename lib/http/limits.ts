/** Limits of a body. */
export interface BodyLimit {
  readonly bytes: number;
  /** Milliseconds in which all of it must have come. */
  readonly ms: number;
}

/** Limits on what a request may be, for the API and the remote API alike. */
export const REQUEST_LIMITS = {
  /** Of a body, in bytes. */
  bodyBytes: 1_048_576,
  /** Milliseconds in which a body must have come. */
  bodyMs: 15_000,
  /** Of a JSON document: objects and lists in one another. */
  jsonDepth: 32,
  /** Of a JSON document: members and items in all. */
  jsonNodes: 50_000,
  /** Of an address, in characters, query included. */
  urlLength: 8_192,
  /** Milliseconds in which an operation must have answered. */
  operationMs: 30_000,
} as const;

export const JSON_BODY: BodyLimit = { bytes: REQUEST_LIMITS.bodyBytes, ms: REQUEST_LIMITS.bodyMs };

/** A body that isn't JSON: an OS definition's folder as one file. */
export const ARCHIVE_BODY = {
  bytes: 16 * 1_048_576,
  ms: 120_000,
  contentTypes: ["application/x-tar", "application/gzip", "application/zstd", "application/octet-stream"],
} as const;

/** The addresses that take one. A test holds this against the register of routes. */
const ARCHIVE_PATH = /^\/api\/v1\/(os-definition-checks|os-definitions\/[^/]+\/versions)\/?$/;

/** Whether a request brings an archive, as far as its address says. Next.js finds a route by what the address means, however it is written. */
export function takesArchive(method: string, path: string): boolean {
  return method === "POST" && ARCHIVE_PATH.test(decoded(path));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What the body of a request to an address may be, before anything is known of who sends it. */
export function bodyLimit(method: string, path: string): BodyLimit {
  return takesArchive(method, path) ? ARCHIVE_BODY : JSON_BODY;
}
