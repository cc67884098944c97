import type { IncomingMessage } from "node:http";
import type { Guest } from "./guest.ts";

/** Bytes from which on a piece is more work by its length than by its number: lengths are counted where they are taken. */
const LARGE = 512;

/**
 * Counts the small chunks of a body. Also one of one byte is nearly as much work as a request, and all of a read, ten thousand of them,
 * are taken apart before anybody is asked. Who sends more than a few thousand in a second is hung up on, and what it connects next
 * waits. To be called when a request's head has come and nothing of its body has.
 */
export function countChunks(guest: Guest, request: IncomingMessage): void {
  if (request.headers["transfer-encoding"] === undefined) return;
  const push = request.push.bind(request);
  request.push = (chunk: Buffer | null, encoding) => {
    if (chunk !== null && chunk.length < LARGE && !guest.spendChunk() && !request.socket.destroyed) {
      guest.notice("chunks");
      request.socket.destroy();
    }
    return push(chunk, encoding);
  };
}
