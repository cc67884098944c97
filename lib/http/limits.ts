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
