import { SlipwayError } from "#lib/domain/errors.ts";
import { REQUEST_LIMITS } from "./limits.ts";

/**
 * Reads the body of a request, whole, within a limit of bytes and of time. Stops reading where it is too large: what the
 * client says beforehand of its length is believed only when it is too much.
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > REQUEST_LIMITS.bodyBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const deadline = AbortSignal.timeout(REQUEST_LIMITS.bodyMs);
  const reader = request.body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  deadline.addEventListener("abort", cancel);
  try {
    const body = await collect(reader);
    if (deadline.aborted) throw new SlipwayError("timed_out", "The body of the request did not arrive in time");
    return body;
  } finally {
    deadline.removeEventListener("abort", cancel);
  }
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts, length);
    length += value.byteLength;
    if (length > REQUEST_LIMITS.bodyBytes) {
      await reader.cancel();
      throw tooLarge();
    }
    parts.push(value);
  }
}

export function tooLarge(): SlipwayError {
  return new SlipwayError("too_large", `The body of the request is larger than ${REQUEST_LIMITS.bodyBytes} bytes`);
}
