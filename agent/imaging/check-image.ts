import type { DiskImage } from "#lib/domain/install-source.ts";
import type { FetchLimits } from "../sources/fetch-options.ts";
import { streamLocal } from "../sources/local-stream.ts";
import type { SourcePolicy } from "../sources/source-policy.ts";
import { checkFits } from "./convert-qcow2.ts";
import type { ImageCache } from "./image-cache.ts";
import type { ImageCheck, ImageSize } from "./image-request.ts";
import { LOCATION_FIELD, openImage } from "./image-source.ts";
import { HEADER_BYTES, readQcow2Header } from "./qcow2-header.ts";

const MIB = 1_048_576;

/**
 * Whether an image can be reached and fits, as far as that can be known before a byte of it is written: its size, and where it isn't
 * compressed what its header says.
 *
 * @throws SlipwayError source_refused, source_failed, image_refused, disk_too_small; the signal's own
 */
export async function checkImage({ image, sizeMib, policy, cache, signal }: ImageCheck): Promise<ImageSize> {
  const size = await peekImage(image, policy, cache, signal);
  if (size.virtualBytes !== null) checkFits(size.virtualBytes, sizeMib * MIB, LOCATION_FIELD);
  return size;
}

/** The size of an image and of the disk in it. What the cache has isn't asked of its server. @throws SlipwayError as checkImage */
export async function peekImage(image: DiskImage, policy: SourcePolicy, cache: ImageCache, signal: AbortSignal, limits?: FetchLimits): Promise<ImageSize> {
  const isPlain = image.compression === "none";
  const cached = image.checksum === null || image.location.startsWith("/") ? null : await cache.find(image.checksum);
  const source = cached === null ? await openImage(image, policy, Number.MAX_SAFE_INTEGER, signal, limits) : streamLocal(cached, LOCATION_FIELD, signal);
  try {
    if (!isPlain) return { bytes: source.bytes, virtualBytes: null };
    if (image.format === "raw") return { bytes: source.bytes, virtualBytes: source.bytes };
    const head: Buffer[] = [];
    let length = 0;
    for await (const piece of source.chunks) {
      head.push(Buffer.from(piece.subarray(0, HEADER_BYTES)));
      length += piece.length;
      if (length >= HEADER_BYTES) break;
    }
    return { bytes: source.bytes, virtualBytes: readQcow2Header(Buffer.concat(head).subarray(0, HEADER_BYTES), LOCATION_FIELD).virtualBytes };
  } finally {
    await source.close();
  }
}
