import type { DiskImage } from "#lib/domain/install-source.ts";
import { abortError, sourceError } from "../sources/source-error.ts";
import { type ProcessLimits, startFilter } from "./limited-process.ts";

type Compression = Exclude<DiskImage["compression"], "none">;

/** A window of 128 MiB is what zstd takes without being asked, and twice what xz makes at its best. */
const COMMANDS: Readonly<Record<Compression, readonly [string, ...string[]]>> = {
  gzip: ["gzip", "--decompress", "--stdout"],
  xz: ["xz", "--decompress", "--stdout", "--format=xz", "--threads=1", "--memlimit-decompress=256MiB"],
  zstd: ["zstd", "--decompress", "--stdout", "--quiet", "--memory=128MB"],
};
/** What each begins with, in hex. The programs are told nothing of it, and would unpack each other's files: zstd those of xz and gzip, gzip those of compress. */
const BEGINNINGS: Readonly<Record<Compression, RegExp>> = {
  gzip: /^1f8b/,
  xz: /^fd377a585a00/,
  // A frame, or one to be skipped.
  zstd: /^(28b52ffd|5[0-9a-f]2a4d18)/,
};
const BEGINNING_BYTES = 6;
/** Threads and allocators reserve far more than they use. */
const MEMORY_MIB = 1_024;
/** The slowest that anything is unpacked, MiB a second of a processor. */
const SLOWEST = 4;

/**
 * Unpacks a stream by a program of its own, within limits. Ends with the stream's end; the program is gone whichever way this ends.
 * A piece that comes out is the reader's to keep.
 *
 * @param mostBytes how much the reader will take, by which the processor time is limited; the reader stops at that itself
 * @throws SlipwayError image_refused where it isn't what it is declared as, or ends early; what `chunks` throws; the signal's own
 */
export async function* decompress(compression: Compression, chunks: AsyncIterable<Buffer>, { mostBytes, field, signal }: { readonly mostBytes: number; readonly field: string; readonly signal: AbortSignal }): AsyncGenerator<Buffer, void, undefined> {
  const limits: ProcessLimits = { memoryMib: MEMORY_MIB, cpuSeconds: 300 + Math.ceil(mostBytes / 1_048_576 / SLOWEST), fileBytes: 0 };
  const complain = (cause: unknown): Error => sourceError("image_refused", `The image isn't ${compression}, ends early, or is damaged.`, field, cause);
  const [program, ...args] = COMMANDS[compression];
  const { child, ended } = startFilter(program, args, limits);
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  // A filter that ends early doesn't read what is left: its status says why.
  child.stdin.on("error", kill);
  const feeding = feed();
  // It is waited for below; until then it may fail by itself.
  feeding.catch(() => undefined);
  try {
    // stdout gives buffers: no encoding is set on it.
    for await (const piece of child.stdout) yield piece as Buffer;
    const { status, complaint } = await ended;
    if (signal.aborted) throw abortError(signal);
    await feeding;
    if (status !== 0) throw complain(complaint);
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
    await Promise.allSettled([ended, feeding]);
  }

  /** Everything that comes in, at the filter's pace. A failure there ends the filter, and is the reason that counts. */
  async function feed(): Promise<void> {
    try {
      let beginning = Buffer.alloc(0);
      for await (const piece of chunks) {
        if (beginning.length < BEGINNING_BYTES) {
          beginning = Buffer.concat([beginning, piece.subarray(0, BEGINNING_BYTES - beginning.length)]);
          if (beginning.length === BEGINNING_BYTES && !BEGINNINGS[compression].test(beginning.toString("hex"))) throw complain("it begins otherwise");
        }
        if (child.stdin.destroyed) return;
        // Until it is written and not only taken: what is read next may lie in the same memory.
        await Promise.race([new Promise((resolve) => child.stdin.write(piece, resolve)), ended]);
      }
      child.stdin.end();
    } catch (error) {
      kill();
      throw error;
    }
  }
}
