import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Orders carry parameters (at most 1 MiB) escaped as JSON, which can make them several times as long. */
export const LARGEST_ORDER_BYTES = 8 * 1_048_576;
export const LARGEST_MESSAGE_BYTES = 256 * 1_024;

/** Reads and checks a JSON body. An error names the field that is wrong and quotes nothing. */
export async function readJson<S extends z.ZodType>(request: IncomingMessage, schema: S, limit: number): Promise<z.output<S>> {
  const parts: Buffer[] = [];
  let length = 0;
  // Without an encoding set, a request yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new SlipwayError("too_large", "The message is larger than an agent takes.");
    parts.push(chunk);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    // The parser's own message quotes what it read.
    throw new SlipwayError("invalid", "The message isn't JSON.");
  }
  return schema.parse(parsed);
}
