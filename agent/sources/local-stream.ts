import type { SourceStream } from "./download.ts";
import type { LocalFile } from "./open-local.ts";
import { sourceError, throwIfAborted } from "./source-error.ts";

const PIECE_BYTES = 1_048_576;

/** A file of this node as a download is read. A piece is good until the next but one is asked for. The file has to stay as long as it was. */
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
      // One is filled while one is used and one is on its way to wherever its reader writes it.
      const buffers = Array.from({ length: 3 }, () => Buffer.allocUnsafeSlow(PIECE_BYTES));
      const readAt = (at: number, turn: number): Promise<Buffer> => {
        const buffer = buffers[turn % buffers.length] ?? Buffer.allocUnsafe(PIECE_BYTES);
        return fill(buffer.subarray(0, Math.min(PIECE_BYTES, bytes - at)), at);
      };
      let next = readAt(0, 0);
      next.catch(() => undefined);
      for (let at = 0, turn = 1; at < bytes; turn++) {
        throwIfAborted(signal);
        const piece = await next;
        at += piece.length;
        if (at < bytes) {
          next = readAt(at, turn);
          // It is met when it is waited for, or by nobody.
          next.catch(() => undefined);
        }
        yield piece;
      }
    } finally {
      await handle.close();
    }
  }

  async function fill(buffer: Buffer, at: number): Promise<Buffer> {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead !== buffer.length) throw sourceError("source_failed", "The file on the node became shorter while it was read.", field);
    return buffer;
  }
}
