import type { SourceStream } from "./download.ts";
import type { LocalFile } from "./open-local.ts";
import { sourceError, throwIfAborted } from "./source-error.ts";

const PIECE_BYTES = 1_048_576;

/** A file of this node as a download is read: in pieces that are the reader's to keep. It has to stay as long as it was. */
export function streamLocal({ handle, bytes }: LocalFile, field: string, signal: AbortSignal): SourceStream {
  const chunks = read();
  return { bytes, chunks, close: end };

  async function end(): Promise<void> {
    await chunks.return();
    // A generator that never began has no end of its own.
    await handle.close();
  }

  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let at = 0; at < bytes; ) {
        throwIfAborted(signal);
        const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes - at));
        const { bytesRead } = await handle.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw sourceError("source_failed", "The file on the node became shorter while it was read.", field);
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
}
