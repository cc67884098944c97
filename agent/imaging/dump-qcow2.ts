import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { wantsSha512 } from "../sources/checksum.ts";
import { RoomKeeper } from "../sources/keep-room.ts";
import { sourceError, throwIfAborted } from "../sources/source-error.ts";
import { compareQcow2, convertQcow2, examineQcow2, readHeaderOf } from "./convert-qcow2.ts";
import { decompress } from "./decompress.ts";
import type { Dump, Dumped } from "./dump-request.ts";
import { emptyDisk, syncDisk } from "./empty-disk.ts";
import { FileSink, SideSink } from "./file-sink.ts";
import { LOCATION_FIELD } from "./image-source.ts";
import { ReadBack } from "./read-back.ts";

const MIB = 1_048_576;
/** Of the whole: until it is spooled, until it is converted. The rest is reading back. */
const SPOOLED = 0.6;
const CONVERTED = 0.8;

/** Brings a qcow2 image into a file of ours, looks at it there, converts it, and holds the disk against it. */
export async function dumpQcow2(dump: Dump): Promise<Dumped> {
  const { image, file, diskBytes, spoolFolder, passing, draft, hooks } = dump;
  const { signal, beforeWrite, onProgress } = hooks;
  // As it is fetched is as it is kept: then that file is both.
  const isDraft = draft !== null && image.compression === "none";
  const spool = isDraft ? draft.path : join(spoolFolder, `${randomUUID()}.spool`);
  const kept = await SideSink.create(isDraft ? null : (draft?.path ?? null));
  const job = { field: LOCATION_FIELD, signal };
  // A thread takes a while to start. It opens the disk when there is something to read.
  const back = ReadBack.start(file, wantsSha512(image.contentChecksum), LOCATION_FIELD, signal);
  try {
    await fillSpool(dump, spool, kept);
    const sha256 = passing.finish(null);
    const header = await readHeaderOf(spool, diskBytes, LOCATION_FIELD);
    await examineQcow2(spool, header, job);
    throwIfAborted(signal);
    await beforeWrite();
    await emptyDisk(file, diskBytes);
    await convertQcow2(spool, file, diskBytes, job);
    onProgress(CONVERTED, passing.bytes);
    back.read(header.virtualBytes, (upTo) => onProgress(CONVERTED + (1 - CONVERTED) * (upTo / header.virtualBytes), passing.bytes));
    const [written] = await Promise.all([back.finish(), compareQcow2(spool, file, diskBytes, job), syncDisk(file)]);
    throwIfAborted(signal);
    return { sha256, virtualBytes: header.virtualBytes, written, isKept: isDraft || (await kept.isWhole()) };
  } finally {
    await back.close();
    await kept.close();
    if (!isDraft) await rm(spool, { force: true });
  }
}

async function fillSpool({ image, diskBytes, source, passing, hooks: { signal, onProgress } }: Dump, spool: string, kept: SideSink): Promise<void> {
  const mostBytes = diskBytes + Math.ceil(diskBytes / 8) + 64 * MIB;
  const fetched = passing.watch(source.chunks, (piece) => kept.write(piece));
  const content = image.compression === "none" ? fetched : decompress(image.compression, fetched, { mostBytes, field: LOCATION_FIELD, signal });
  const sink = await FileSink.create(spool);
  const room = new RoomKeeper(dirname(spool), LOCATION_FIELD);
  let bytes = 0;
  try {
    for await (const piece of content) {
      bytes += piece.length;
      if (bytes > mostBytes) throw sourceError("disk_too_small", `What the image unpacks to is more than the disk's ${String(diskBytes / MIB)} MiB can hold.`, LOCATION_FIELD);
      await room.take(piece.length);
      await sink.write(piece);
      onProgress(SPOOLED * (source.bytes === null ? bytes / mostBytes : passing.bytes / source.bytes), passing.bytes);
    }
    await sink.finish();
  } finally {
    await sink.close();
  }
}
