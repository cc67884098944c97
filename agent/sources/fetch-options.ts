import type { Secret } from "#lib/domain/visibility.ts";
import type { SourcePolicy } from "./source-policy.ts";

/** Bounds of a download. Times in milliseconds. */
export interface FetchLimits {
  /** From the request to the end of the answer's headers, DNS and connection included. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly stallMs: number;
  /** The whole, with all tries. */
  readonly totalMs: number;
  /** Requests that may fail in passing, in all. */
  readonly tries: number;
  /** Before the second try; doubled before each further one. */
  readonly pauseMs: number;
}

/** A day is the longest timeout of an install that makes sense; the install's own ends a download before that. */
export const FETCH_LIMITS: FetchLimits = { headersMs: 30_000, stallMs: 30_000, totalMs: 86_400_000, tries: 5, pauseMs: 500 };

export interface FetchOptions {
  /** As errors name it: `image.location`, `package.url`. */
  readonly field: string;
  readonly policy: SourcePolicy;
  readonly signal: AbortSignal;
  /** `name:password`, for the first origin alone. */
  readonly credentials?: Secret<string> | null;
  /** The most bytes that are taken. */
  readonly mostBytes: number;
  /** The file is compressed with gzip itself, and servers that say so by `Content-Encoding` are taken at their word. */
  readonly isGzip?: boolean;
  readonly limits?: FetchLimits;
}
