import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { StreamPath } from "./ganeti.ts";
import type { Guest } from "./guest.ts";
import type { GuestStreams } from "./metadata-content.ts";
import { refuseBody } from "./take-write.ts";

/** Of one guest at a time: the runner has one. */
const MOST_STREAMS = 2;
/** In which nothing moves: a script may work for a while on what it has read, or before it says more. Milliseconds. */
const STALL_MS = 1_800_000;
/** Of what is in memory, so much is given at a time; bytes. */
const PART_BYTES = 65_536;
/** Others are heard after a part that took so long; milliseconds. */
const PART_MS = 0.5;

/**
 * Answers one request of a stream (design: "The service"; appliance/README.md, "Streams"): as it comes, no more of it in memory than a
 * part on its way, in turns with other guests. A guest that goes, or stops, ends its own stream and nothing else.
 */
export async function serveStream(guest: Guest, streams: GuestStreams, path: StreamPath, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (guest.streams >= MOST_STREAMS) {
    refuseBody(guest, request, response, 503);
    return;
  }
  guest.streams += 1;
  const { socket } = request;
  const timeout = socket.timeout ?? 0;
  socket.setTimeout(STALL_MS);
  try {
    switch (path.kind) {
      case "package":
        await give(guest, response, streams.archive === null ? null : { stream: partsOf(streams.archive), length: streams.archive.length });
        break;
      case "import":
        await give(guest, response, await streams.openImport(path.index));
        break;
      case "export":
        await take(guest, streams, path.index, request, response);
        break;
    }
  } catch (error) {
    // Whatever broke: what was sent until then must not be taken for all of it.
    guest.notice("stream", isGuests(error) ? undefined : error);
    response.destroy();
  } finally {
    guest.streams -= 1;
    if (!socket.destroyed) socket.setTimeout(timeout);
  }
}

/** Whether it was the guest that broke off. */
function isGuests(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "ERR_STREAM_PREMATURE_CLOSE" || error.code === "EPIPE");
}

function partsOf(bytes: Buffer): Readable {
  let at = 0;
  return new Readable({
    highWaterMark: PART_BYTES,
    read() {
      this.push(at < bytes.length ? bytes.subarray(at, at + PART_BYTES) : null);
      at += PART_BYTES;
    },
  });
}

async function give(guest: Guest, response: ServerResponse, source: { readonly stream: Readable; readonly length: number } | null): Promise<void> {
  if (source === null) {
    response.writeHead(404, { "content-length": 0 }).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": source.length });
  await pipeline(source.stream, (parts: AsyncIterable<Buffer>) => inTurns(guest, parts), response);
}

/** A chunked body, to its last byte or not at all: one that breaks off is an error to whoever takes it. */
async function take(guest: Guest, streams: GuestStreams, index: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Without an encoding set, a request yields buffers; the plain iterator would destroy the request when it is left, and with it the
  // way of the answer.
  const body = Readable.from(inTurns(guest, request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>), { objectMode: false, highWaterMark: PART_BYTES });
  // Who takes it is told by its own reading; a stream whose error nobody waits for would end the agent.
  body.on("error", () => undefined);
  try {
    await streams.takeExport(index, body);
  } catch (error) {
    body.destroy();
    if (!isSlipwayError(error) || request.socket.destroyed) throw error;
    guest.notice("stream", error);
    refuseBody(guest, request, response, error.code === "too_large" ? 413 : error.code === "no_room" ? 507 : 409);
    return;
  }
  response.writeHead(204).end();
}

async function* inTurns(guest: Guest, parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  for await (const part of parts) {
    guest.content.onContact();
    const begun = performance.now();
    yield part;
    // What came between is the reader's own time, waited for and not worked.
    const wait = guest.waitForStream(part.length, 0);
    if (wait > 0) await delay(wait);
    else if (performance.now() - begun > PART_MS) await nextTurn();
  }
}
