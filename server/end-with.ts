import type { Duplex } from "node:stream";

/** Milliseconds that somebody has to take an answer and go. */
const GOING_MS = 2_000;

/**
 * Ends a connection of which HTTP knows nothing any more with a last word. Its other side may keep its half open for ever, and no limit
 * of the server's counts for it: it is cut.
 */
export function endWith(socket: Duplex, text: string): void {
  const timer = setTimeout(() => socket.destroy(), GOING_MS);
  socket.once("close", () => clearTimeout(timer));
  // What nobody reads would have the kernel reset the connection, and the answer be lost.
  socket.resume();
  socket.end(text);
}
