import type { Checksum, DiskImage } from "#lib/domain/install-source.ts";
import { checkDigests, Digests, type TakenDigests } from "../sources/checksum.ts";
import { openDownload, type SourceStream } from "../sources/download.ts";
import { FETCH_LIMITS, type FetchLimits, type FetchOptions } from "../sources/fetch-options.ts";
import { streamLocal } from "../sources/local-stream.ts";
import { openLocal } from "../sources/open-local.ts";
import type { SourcePolicy } from "../sources/source-policy.ts";

/** As errors name where the image lies, and what it should have been. */
export const LOCATION_FIELD = "image.location";
export const CHECKSUM_FIELD = "image.checksum";
export const CONTENT_FIELD = "image.contentChecksum";

/** The image as it lies there, from its server or the node's own folder. */
export async function openImage({ location, compression }: DiskImage, policy: SourcePolicy, mostBytes: number, signal: AbortSignal, limits: FetchLimits = FETCH_LIMITS): Promise<SourceStream> {
  const options: FetchOptions = { field: LOCATION_FIELD, policy, signal, mostBytes, isGzip: compression === "gzip", limits };
  return location.startsWith("/") ? streamLocal(await openLocal(location, options), LOCATION_FIELD, signal) : openDownload(location, options);
}

/** What has passed by of an image as it was fetched. */
export class Passing {
  readonly #checksum: Checksum | null;
  readonly #digests: Digests | null;
  #bytes = 0;

  /** @param isWritten what is fetched is what is written: then the digests of what was read back are its own, and are taken once */
  constructor(checksum: Checksum | null, isWritten: boolean) {
    this.#checksum = checksum;
    this.#digests = isWritten ? null : new Digests(checksum);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A stream, looked at as it passes, and given to `also` before it goes on. */
  async *watch(chunks: AsyncIterable<Buffer>, also: (piece: Buffer) => Promise<void>): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of chunks) {
      this.#digests?.update(piece);
      this.#bytes += piece.length;
      await also(piece);
      yield piece;
    }
  }

  /** The sha256 of what was fetched. @param written of what was read back @throws SlipwayError checksum_mismatch */
  finish(written: TakenDigests | null): string {
    const what = "The image as it was fetched";
    if (this.#digests !== null) return this.#digests.finish(what, CHECKSUM_FIELD);
    if (written === null) throw new RangeError("nothing was read back");
    checkDigests(written, this.#checksum, what, CHECKSUM_FIELD);
    return written.sha256;
  }
}
