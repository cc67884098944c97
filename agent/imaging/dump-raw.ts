import { wantsSha512 } from "../sources/checksum.ts";
import { sourceError } from "../sources/source-error.ts";
import { decompress } from "./decompress.ts";
import { DiskFill } from "./disk-fill.ts";
import type { Dump, Dumped } from "./dump-request.ts";
import { emptyDisk } from "./empty-disk.ts";
import { SideSink } from "./file-sink.ts";
import { LOCATION_FIELD } from "./image-source.ts";
import { ReadBack } from "./read-back.ts";

/** Streams a raw image to the disk, unpacked on the way; nothing lies in between. It is read back while more of it comes. */
export async function dumpRaw({ image, file, diskBytes, source, passing, draft, hooks }: Dump): Promise<Dumped> {
  const { signal, beforeWrite, onProgress } = hooks;
  await beforeWrite();
  await emptyDisk(file, diskBytes);
  const isPlain = image.compression === "none";
  const back = ReadBack.start(file, wantsSha512(image.contentChecksum) || (isPlain && wantsSha512(image.checksum)), LOCATION_FIELD, signal);
  const kept = await SideSink.create(draft?.path ?? null);
  const fill = await DiskFill.open(file, diskBytes, back, LOCATION_FIELD);
  try {
    const fetched = passing.watch(source.chunks, (piece) => kept.write(piece));
    const content = image.compression === "none" ? fetched : decompress(image.compression, fetched, { mostBytes: diskBytes, field: LOCATION_FIELD, signal });
    for await (const piece of content) {
      await fill.write(piece);
      onProgress(source.bytes === null ? fill.bytes / diskBytes : passing.bytes / source.bytes, passing.bytes);
    }
    const fetchedSha256 = isPlain ? null : passing.finish(null);
    const virtualBytes = await fill.finish();
    if (virtualBytes === 0) throw sourceError("image_refused", "There is nothing in the image.", LOCATION_FIELD);
    const written = await back.finish();
    return { sha256: fetchedSha256 ?? passing.finish(written), virtualBytes, written, isKept: await kept.isWhole() };
  } finally {
    await back.close();
    await fill.close();
    await kept.close();
  }
}
