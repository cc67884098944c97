import type { IncomingMessage } from "node:http";
import { SourceChanged, sourceError } from "./source-error.ts";

/** What an answer's headers say of the file. */
export interface AnswerHead {
  /** Of the whole file; null: it comes in chunks of which nobody says how many. */
  readonly bytes: number | null;
  /** By which a later answer is known to be about the same file: a strong ETag, or a Last-Modified that is old enough (RFC 9110, 8.8). */
  readonly validator: string | null;
}

/** @throws SlipwayError source_failed where the end of the body couldn't be told from its loss, or it is encoded */
export function readHead({ headers }: IncomingMessage, host: string, field: string, isGzip: boolean): AnswerHead {
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity" && !(isGzip && (encoding === "gzip" || encoding === "x-gzip"))) {
    throw sourceError("source_failed", `${host} sends the file in an encoding that wasn't asked for.`, field);
  }
  const transfer = headers["transfer-encoding"]?.toLowerCase();
  const length = headers["content-length"];
  if (transfer === undefined ? length === undefined : transfer !== "chunked") throw sourceError("source_failed", `${host} doesn't say where the file ends.`, field);
  const range = /^bytes \d+-\d+\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  return { bytes: transfer === undefined ? Number(range ?? length) : range === undefined ? null : Number(range), validator: validatorOf(headers) };
}

function validatorOf({ etag, "last-modified": modified, date }: IncomingMessage["headers"]): string | null {
  if (etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag)) return etag;
  // A file that was changed in the second in which it was asked for may be changed again in it.
  const isOld = modified !== undefined && date !== undefined && Date.parse(date) - Date.parse(modified) >= 1_000;
  return isOld ? modified : null;
}

/**
 * Holds an answer to a request for the rest of a file against what the first one said, and returns how many bytes of its body are to be
 * passed over: none of a 206, all that is there already of a 200 about the same file.
 *
 * @throws SourceChanged
 */
export function bytesToSkip(response: IncomingMessage, first: AnswerHead, now: AnswerHead, received: number, host: string, field: string): number {
  const changed = new SourceChanged(`What lies at ${host} has changed since its download began.`, field);
  if (now.validator !== first.validator || (first.bytes !== null && now.bytes !== null && now.bytes !== first.bytes)) throw changed;
  if (response.statusCode !== 206) return received;
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "") ?? [];
  if (Number(from) !== received || (total !== "*" && Number(to) !== Number(total) - 1)) throw changed;
  return 0;
}
