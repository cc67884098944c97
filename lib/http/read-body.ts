import { SlipwayError } from "#lib/domain/errors.ts";
import type { BodyLimit } from "./limits.ts";

/**
 * Reads the body of a request, whole, within a limit of bytes and of time. Stops reading where it is too large: what the
 * client says beforehand of its length is believed only when it is too much.
 */
export async function readBody(request: Request, limit: BodyLimit): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > limit.bytes) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const deadline = AbortSignal.timeout(limit.ms);
  const reader = request.body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  deadline.addEventListener("abort", cancel);
  try {
    const body = await collect(reader, limit);
    if (deadline.aborted) throw new SlipwayError("timed_out", "The body of the request did not arrive in time");
    return body;
  } finally {
    deadline.removeEventListener("abort", cancel);
  }
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>, limit: BodyLimit): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts, length);
    length += value.byteLength;
    if (length > limit.bytes) {
      await reader.cancel();
      throw tooLarge(limit);
    }
    parts.push(value);
  }
}

function tooLarge({ bytes }: BodyLimit): SlipwayError {
  return new SlipwayError("too_large", `The body of the request is larger than ${bytes} bytes`);
}
