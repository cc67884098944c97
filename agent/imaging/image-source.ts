import type { Checksum, DiskImage } from "#lib/domain/install-source.ts";
import { Digests } from "../sources/checksum.ts";
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
  readonly #digests: Digests;
  #bytes = 0;

  constructor(checksum: Checksum | null) {
    this.#digests = new Digests(checksum);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A stream, looked at as it passes, and given to `also` before it goes on. */
  async *watch(chunks: AsyncIterable<Buffer>, also: (piece: Buffer) => Promise<void>): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of chunks) {
      this.#digests.update(piece);
      this.#bytes += piece.length;
      await also(piece);
      yield piece;
    }
  }

  /** @throws SlipwayError checksum_mismatch */
  finish(): string {
    return this.#digests.finish("The image as it was fetched", CHECKSUM_FIELD);
  }
}
