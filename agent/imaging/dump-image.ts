import type { Checksum } from "#lib/domain/install-source.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { hasErrnoCode } from "../files.ts";
import { checkDigests } from "../sources/checksum.ts";
import type { SourceStream } from "../sources/download.ts";
import { streamLocal } from "../sources/local-stream.ts";
import { abortError, sourceError } from "../sources/source-error.ts";
import { withNewBeginnings } from "../sources/start-over.ts";
import { dumpQcow2 } from "./dump-qcow2.ts";
import { dumpRaw } from "./dump-raw.ts";
import type { Dump, DumpHooks, DumpRequest } from "./dump-request.ts";
import { type CacheDraft, ImageCache } from "./image-cache.ts";
import type { WrittenImage } from "./image-request.ts";
import { CONTENT_FIELD, LOCATION_FIELD, openImage, Passing } from "./image-source.ts";

const MIB = 1_048_576;

/**
 * Writes an image to an empty disk and reads it back (design: install, "What a request can combine", disk image). From the node's cache
 * where the image has a checksum and is there; its digest is taken again all the same.
 *
 * @throws SlipwayError source_refused, source_failed, checksum_mismatch, image_refused, disk_too_small, no_room, cancelled
 */
export async function dumpImage(request: DumpRequest, hooks: DumpHooks): Promise<WrittenImage> {
  const { image, policy } = request;
  const mostBytes = largestDownload(request);
  const cache = new ImageCache(request.cache.folder, request.cache.limitMib);
  // What lies on the node already is kept there by its administrator.
  const checksum = image.location.startsWith("/") ? null : image.checksum;
  try {
    const cached = checksum === null ? null : await dumpCached(request, hooks, cache, checksum);
    if (cached !== null) return cached;
    return await withNewBeginnings(LOCATION_FIELD, async () => {
      const source = await openImage(image, policy, mostBytes, hooks.signal);
      const draft = checksum === null ? null : await cache.draft(checksum, source.bytes, request.sizeMib * MIB);
      try {
        if (source.bytes !== null && source.bytes > mostBytes) throw tooLarge(request);
        return await dumpOnce(request, hooks, source, draft);
      } finally {
        await source.close();
        await draft?.discard();
      }
    });
  } catch (error) {
    throw hooks.signal.aborted ? abortError(hooks.signal) : explain(error, request);
  }
}

/** From the cache; null: it isn't there, or isn't what its name says, and then it is there no longer. */
async function dumpCached(request: DumpRequest, hooks: DumpHooks, cache: ImageCache, checksum: Checksum): Promise<WrittenImage | null> {
  const found = await cache.find(checksum);
  if (found === null) return null;
  const source = streamLocal(found, LOCATION_FIELD, hooks.signal);
  try {
    return await dumpOnce(request, hooks, source, null);
  } catch (error) {
    // Bytes that may not be those of the checksum are nothing to judge an image by: it is fetched, and judged then.
    if (hooks.signal.aborted || !isSlipwayError(error) || !["checksum_mismatch", "image_refused", "disk_too_small", "source_failed"].includes(error.code)) throw error;
    await cache.remove(checksum);
    return null;
  } finally {
    await source.close();
  }
}

async function dumpOnce({ image, file, sizeMib, spoolFolder }: DumpRequest, hooks: DumpHooks, source: SourceStream, draft: CacheDraft | null): Promise<WrittenImage> {
  const passing = new Passing(image.checksum, image.format === "raw" && image.compression === "none");
  const dump: Dump = { image, file, diskBytes: sizeMib * MIB, spoolFolder, source, passing, draft, hooks };
  const { sha256, virtualBytes, written, isKept } = await (image.format === "raw" ? dumpRaw(dump) : dumpQcow2(dump));
  checkDigests(written, image.contentChecksum, "What was written to the disk", CONTENT_FIELD);
  if (isKept) await draft?.commit();
  return { sha256, bytes: passing.bytes, writtenSha256: written.sha256, virtualBytes };
}

/** Compressed, something that can't be compressed grows a little; a qcow2 image has tables beside what is in it. */
function largestDownload({ image, sizeMib }: DumpRequest): number {
  const disk = sizeMib * MIB;
  return image.format === "raw" && image.compression === "none" ? disk : disk + Math.ceil(disk / 8) + 64 * MIB;
}

function tooLarge({ sizeMib }: DumpRequest): Error {
  return sourceError("disk_too_small", `The image is larger than the instance's disk of ${String(sizeMib)} MiB can hold.`, LOCATION_FIELD);
}

function explain(error: unknown, request: DumpRequest): unknown {
  if (["ENOSPC", "EDQUOT", "EFBIG"].some((code) => hasErrnoCode(error, code))) return sourceError("no_room", "The node's disk is full; the image doesn't fit on it.", LOCATION_FIELD, error);
  return isSlipwayError(error) && error.code === "too_large" ? tooLarge(request) : error;
}
