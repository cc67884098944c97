import type { IncomingMessage } from "node:http";

export interface ArrivalLimits {
  /** Milliseconds that are looked at together: a connection may rest for a moment, and in each of these this many bytes a second must come. */
  readonly windowMs: number;
  readonly bytesPerSecond: number;
  /** Milliseconds in which the answer must have been taken once the body is there. */
  readonly answerMs: number;
}

export const ARCHIVE_ARRIVAL: ArrivalLimits = { windowMs: 5_000, bytesPerSecond: 65_536, answerMs: 60_000 };

/**
 * Calls `onSlow` once where a body comes more slowly than it must, or its answer isn't taken in time: what is held for it is held
 * from others. Whoever watches stops with the function that is returned.
 */
export function watchArrival(request: IncomingMessage, { windowMs, bytesPerSecond, answerMs }: ArrivalLimits, onSlow: () => void): () => void {
  const { socket } = request;
  let before = socket.bytesRead;
  let answer: NodeJS.Timeout | undefined;
  const windows = setInterval(() => {
    const arrived = socket.bytesRead - before;
    before = socket.bytesRead;
    // What has come and isn't read yet: then it is us who are slow.
    if (request.complete || request.readableLength > 0 || arrived >= (bytesPerSecond * windowMs) / 1_000) return;
    stop();
    onSlow();
  }, windowMs).unref();
  const ended = (): void => {
    clearInterval(windows);
    answer = setTimeout(() => {
      stop();
      onSlow();
    }, answerMs).unref();
  };
  const stop = (): void => {
    clearInterval(windows);
    clearTimeout(answer);
    request.off("end", ended);
  };
  request.once("end", ended);
  return stop;
}
