import type { IncomingMessage } from "node:http";
import { SlipwayError } from "#lib/domain/errors.ts";
import { parseJsonBody } from "#lib/http/json.ts";
import { REQUEST_LIMITS } from "#lib/http/limits.ts";
import { RapiError } from "./errors.ts";

/**
 * Reads the JSON body of a request; null where there is none. GET has one too: the remote API's clients ask so.
 *
 * @throws RapiError 413, 415 for any type that isn't exactly `application/json`, 400, 408
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const body = await readBytes(request);
  if (body.byteLength === 0) return null;
  if ((request.headers["content-type"] ?? "").toLowerCase() !== "application/json") throw new RapiError(415);
  try {
    return parseJsonBody(body);
  } catch (error) {
    // Whatever is wrong with it, Ganeti has one sentence, and it quotes nothing.
    if (error instanceof SlipwayError) throw new RapiError(400, "Unable to parse JSON data");
    throw error;
  }
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? "0") > REQUEST_LIMITS.bodyBytes) throw new RapiError(413);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => end(new RapiError(408)), REQUEST_LIMITS.bodyMs);
    const end = (error: Error | null) => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
      if (error === null) resolve(Buffer.concat(parts, length));
      else reject(error);
    };
    const onData = (part: Buffer) => {
      length += part.byteLength;
      if (length > REQUEST_LIMITS.bodyBytes) end(new RapiError(413));
      else parts.push(part);
    };
    const onEnd = () => end(null);
    const onError = () => end(new RapiError(400));
    const onClose = () => end(new RapiError(400));
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  });
}
