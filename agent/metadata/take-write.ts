import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Guest } from "./guest.ts";

const HIGHEST_LINE_NUMBER = 1_000_000_000;
/** A body is taken in slices, after each of which others are heard if it took long; bytes and milliseconds. */
const SLICE_BYTES = 4_096;
const SLICE_MS = 0.5;
/** After a refusal so much is still taken and thrown away, so that the answer arrives; bytes and milliseconds. */
const LINGER_BYTES = 1_048_576;
const LINGER_MS = 1_000;

/** A body that isn't taken any further. */
class BodyTooLarge extends Error {}

/** Whether a request says beforehand that it is larger than is taken. */
export function isTooLarge(guest: Guest, request: IncomingMessage): boolean {
  return Number(request.headers["content-length"] ?? 0) > guest.content.write.limits.requestBytes;
}

/**
 * `POST …/write`: what the guest has to say, taken as it comes, within limits of length and time (design: "The service", the write
 * pipe). What was taken before a limit was reached stays taken. Answers 204, 408 or 413.
 */
export async function takeWrite(guest: Guest, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const first = Number(request.headers["slipway-first-line"] ?? Number.NaN);
  const firstLine = Number.isInteger(first) && first >= 0 && first < HIGHEST_LINE_NUMBER ? first : null;
  if (isTooLarge(guest, request)) {
    refuseBody(guest, request, response, 413);
    return;
  }
  const timer = setTimeout(() => {
    guest.notice("slow");
    response.writeHead(408, { connection: "close", "content-length": 0 }).end();
    request.destroy();
  }, guest.content.write.limits.requestMs);
  try {
    await guest.content.write.take(withinLimits(guest, request), firstLine);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    refuseBody(guest, request, response, 413);
    return;
  } finally {
    clearTimeout(timer);
  }
  response.writeHead(204).end();
}

/** The parts of a body as they come. A guest that sends quicker than is taken in waits, as with any slow reader. */
async function* withinLimits(guest: Guest, request: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  const { requestBytes } = guest.content.write.limits;
  let length = 0;
  // The plain iterator would destroy the request when it is left, and with it the way of the answer. Without an encoding set, a
  // request yields buffers.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    guest.content.onContact();
    const taken = part.subarray(0, requestBytes - length);
    length += part.length;
    for (let at = 0; at < taken.length; at += SLICE_BYTES) {
      const slice = taken.subarray(at, at + SLICE_BYTES);
      const begun = performance.now();
      yield slice;
      const wait = guest.waitForBytes(slice.length, performance.now() - begun);
      if (wait > 0) await delay(wait);
      else if (performance.now() - begun > SLICE_MS) await nextTurn();
    }
    if (length > requestBytes) throw new BodyTooLarge("the guest sent too much");
  }
}

export type Refusal = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 500 | 503 | 507;

/** Answers, goes on taking for a moment what is on its way, no quicker than anything else, and ends the connection. */
export function refuseBody(guest: Guest, request: IncomingMessage, response: ServerResponse, status: Refusal, headers: Readonly<Record<string, string>> = {}): void {
  // Without its token, or at the wrong place, a request is understood all the same.
  if (status === 413) guest.notice("large");
  if (status === 400) guest.notice("malformed");
  response.writeHead(status, { ...headers, connection: "close", "content-length": 0 });
  response.flushHeaders();
  let left = LINGER_BYTES;
  let isOver = false;
  const end = (): void => {
    // What goes on coming calls again.
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    response.end();
    request.socket.destroySoon();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.on("data", (part: Buffer) => {
    if (isOver) return;
    left -= part.length;
    const wait = left < 0 ? 0 : guest.waitForBytes(part.length, 0);
    if (left < 0) end();
    else if (wait > 0) {
      request.pause();
      setTimeout(() => request.resume(), wait);
    }
  });
  request.once("end", end);
  request.once("close", end);
  request.resume();
}
