import { addAbortSignal, type Duplex } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { archiveFiles } from "#lib/domain/archive-files.ts";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import type { ParsedDefinition } from "#lib/domain/os-definition-files.ts";
import { DEFINITION_LIMITS, parseDefinition } from "#lib/domain/os-definition-files.ts";
import { readTar } from "#lib/domain/read-tar.ts";

export const ARCHIVE_LIMITS = {
  /** Bytes of the tar, and of what comes: the most that a definition may have, and room for headers, long names and what rounds files up. */
  unpackedBytes: DEFINITION_LIMITS.totalBytes + 4 * 1_048_576,
  /** Headers of any kind. */
  entries: 4 * DEFINITION_LIMITS.files,
  milliseconds: 10_000,
} as const;

/** What zstd may ask for to look back into, as a power of two: 8 MiB, which is what its format recommends every reader to grant. */
const LARGEST_WINDOW = 23;
const CHUNK = 65_536;

/**
 * An OS definition from an archive that anybody may have made: .tar, .tar.gz or .tar.zst, told apart by how they begin. Nothing
 * is written or run. Takes at most `unpackedBytes` of memory and a few MiB, whatever the archive says of itself.
 *
 * @throws SlipwayError `invalid`, `too_large` or `timed_out`, with the entry's path as its field where it can be shown, otherwise
 * `archive` or `files`; what `signal` was aborted with
 */
export async function readDefinitionArchive(bytes: Uint8Array, signal?: AbortSignal): Promise<ParsedDefinition> {
  signal?.throwIfAborted();
  if (bytes.byteLength > ARCHIVE_LIMITS.unpackedBytes) throw problem(`has more than ${ARCHIVE_LIMITS.unpackedBytes} bytes`, { code: "too_large" });
  const { tar, isCut } = await unpack(bytes, signal);
  const tooLarge = problem(`has more than ${ARCHIVE_LIMITS.unpackedBytes} bytes when it is unpacked`, { code: "too_large" });
  const limits = { entries: ARCHIVE_LIMITS.entries, fileBytes: DEFINITION_LIMITS.fileBytes, totalBytes: DEFINITION_LIMITS.totalBytes };
  // What there is of one that is too large is read all the same: a million entries are told from one large file.
  const entries = readTar(tar, limits, isCut ? tooLarge : problem("is incomplete: it ends before its end"));
  if (isCut) throw tooLarge;
  return parseDefinition(archiveFiles(entries));
}

function problem(what: string, { code = "invalid", cause }: { readonly code?: "invalid" | "too_large" | "timed_out"; readonly cause?: unknown } = {}): SlipwayError {
  return new SlipwayError(code, `The archive ${what}.`, { field: "archive", cause });
}

interface Unpacked {
  readonly tar: Uint8Array;
  /** Whether there would have been more of it. */
  readonly isCut: boolean;
}

async function unpack(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Unpacked> {
  const begins = Buffer.from(bytes.subarray(0, 512)).toString("latin1");
  if (begins.startsWith("\x1f\x8b")) return decompress(createGunzip({ chunkSize: CHUNK }), bytes, signal);
  if (begins.startsWith("\x28\xb5\x2f\xfd")) {
    const params = { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW };
    return decompress(createZstdDecompress({ chunkSize: CHUNK, params }), bytes, signal);
  }
  if (begins.slice(257, 262) === "ustar") return { tar: bytes, isCut: false };
  throw problem("must be a .tar, .tar.gz or .tar.zst file");
}

async function decompress(stream: Duplex & { readonly bytesWritten: number }, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Unpacked> {
  const deadline = AbortSignal.timeout(ARCHIVE_LIMITS.milliseconds);
  addAbortSignal(signal === undefined ? deadline : AbortSignal.any([signal, deadline]), stream);
  // Not filled, and so not in memory before something is written to it.
  const tar = Buffer.allocUnsafeSlow(ARCHIVE_LIMITS.unpackedBytes);
  let length = 0;
  try {
    stream.end(bytes);
    // Without an encoding set, it yields buffers. Leaving the loop ends the decompression.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const copied = chunk.copy(tar, length);
      length += copied;
      if (copied < chunk.length) return { tar, isCut: true };
    }
    if (stream.bytesWritten < bytes.byteLength) throw problem("goes on after the end of its compressed data");
  } catch (cause) {
    if (isSlipwayError(cause)) throw cause;
    signal?.throwIfAborted();
    if (deadline.aborted) throw problem("took too long to unpack", { code: "timed_out", cause });
    throw problem("is damaged or incomplete, or can't be decompressed with a window of 8 MiB", { cause });
  }
  return { tar: tar.subarray(0, length), isCut: false };
}
