import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

interface Options {
  readonly checkMs: number;
  /** Rejects where the person may be here no longer. */
  readonly check: () => Promise<void>;
  readonly onRefused: (error: unknown) => void;
}

/** Bytes that wait for a browser that doesn't keep up; from then on the node is read no further, and leaves out what it has no room for. */
const WAITING_BYTES = 262_144;

/** Bytes that somebody may type before the guest's console is there. */
const EARLY_BYTES = 4_096;

/**
 * Keeps what a browser sends before there is somebody to take it.
 *
 * @returns what gives it out and keeps no more
 */
export function keepTyped(webSocket: WebSocket): () => Buffer {
  const kept: Buffer[] = [];
  let size = 0;
  const keep = (data: unknown): void => {
    if (!Buffer.isBuffer(data) || size + data.length > EARLY_BYTES) return;
    kept.push(data);
    size += data.length;
  };
  webSocket.on("message", keep);
  return () => {
    webSocket.off("message", keep);
    return Buffer.concat(kept);
  };
}

/** Joins a browser's WebSocket and a guest's console until one of them ends. No byte is kept that the other side doesn't take. */
export function joinConsole(webSocket: WebSocket, stream: Duplex, { checkMs, check, onRefused }: Options): void {
  let heard = true;
  let checking = false;
  const timer = setInterval(() => {
    // While the guest takes nothing, its browser isn't read either, and can't be heard.
    if (!heard && !webSocket.isPaused) {
      webSocket.terminate();
      return;
    }
    heard = false;
    webSocket.ping();
    if (checking) return;
    checking = true;
    check().then(
      () => {
        checking = false;
      },
      (error: unknown) => {
        onRefused(error);
        // A browser has half a minute to answer the end, and may type on until then.
        stream.destroy();
      },
    );
  }, checkMs);
  webSocket.on("pong", () => {
    heard = true;
  });

  webSocket.on("message", (data) => {
    heard = true;
    // What a message is by default, text as UTF-8 too; the other kinds have to be asked for.
    if (!Buffer.isBuffer(data)) return;
    if (stream.writable && !stream.write(data)) webSocket.pause();
  });
  stream.on("drain", () => webSocket.resume());

  stream.on("data", (bytes: Buffer) => {
    if (webSocket.readyState !== WebSocket.OPEN) return;
    webSocket.send(bytes, { binary: true }, () => {
      if (stream.isPaused() && webSocket.bufferedAmount <= WAITING_BYTES) stream.resume();
    });
    if (webSocket.bufferedAmount > WAITING_BYTES) stream.pause();
  });

  // However it breaks off, it is over.
  stream.on("error", () => stream.destroy());
  // A socket that is paused doesn't see the other's close frame.
  stream.once("close", () => {
    clearInterval(timer);
    webSocket.resume();
    webSocket.close(1000, "The console has ended.");
  });
  stream.once("end", () => stream.destroy());
  webSocket.once("close", () => {
    clearInterval(timer);
    stream.destroy();
  });
}
