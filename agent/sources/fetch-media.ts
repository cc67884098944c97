import { mkdir, open, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstallFacts } from "#lib/agent-protocol/messages.ts";
import type { Medium } from "#lib/domain/install-source.ts";
import { hasErrnoCode } from "../files.ts";
import { Digests } from "./checksum.ts";
import { openDownload, type SourceStream } from "./download.ts";
import { FETCH_LIMITS, type FetchLimits, type FetchOptions } from "./fetch-options.ts";
import { RoomKeeper } from "./keep-room.ts";
import { streamLocal } from "./local-stream.ts";
import { openLocal } from "./open-local.ts";
import { sourceError } from "./source-error.ts";
import type { SourcePolicy } from "./source-policy.ts";
import { withNewBeginnings } from "./start-over.ts";

const MIB = 1_048_576;
/** Installation parameters that name a file, and how large one may be. The others are words for the machine. */
export const MEDIA_FILES: ReadonlyMap<string, number> = new Map([
  ["cdrom_image_path", 64 * 1_024 * MIB],
  ["cdrom2_image_path", 64 * 1_024 * MIB],
  ["floppy_image_path", 4 * MIB],
  ["kernel_path", 1_024 * MIB],
  ["initrd_path", 4 * 1_024 * MIB],
]);

/** How a medium's parameter is called where something is wrong with it. */
export function mediumField(name: string): string {
  return `installParameters.${name}`;
}

export interface FetchedMedia {
  /** Where each file lies, by its parameter, relative to the folder. */
  readonly files: ReadonlyMap<string, string>;
  readonly facts: InstallFacts["media"];
}

/**
 * Brings a medium's files into `media/` of a folder, named by their parameters: downloads as files, files of the node as links to where
 * they really lie. The digests of both are taken. What was begun is gone when it fails.
 *
 * @param onProgress 0 to 1 where the sizes are known, and the bytes so far
 * @throws SlipwayError source_refused, source_failed, too_large, no_room, with the parameter as field; the signal's own
 */
export async function fetchMedia(medium: Medium, folder: string, policy: SourcePolicy, signal: AbortSignal, onProgress: (fraction: number | null, bytes: number) => void, limits: FetchLimits = FETCH_LIMITS): Promise<FetchedMedia> {
  const wanted = Object.entries(medium).filter(([name]) => MEDIA_FILES.has(name));
  const files = new Map<string, string>();
  const facts: InstallFacts["media"] = [];
  const target = join(folder, "media");
  await rm(target, { recursive: true, force: true });
  try {
    if (wanted.length > 0) await mkdir(target, { mode: 0o700 });
    for (const [done, [name, location]] of wanted.entries()) {
      const options: FetchOptions = { field: mediumField(name), policy, signal, mostBytes: MEDIA_FILES.get(name) ?? 0, limits };
      const path = join(target, name);
      const report = (bytes: number, total: number | null): void => onProgress(total === null ? null : (done + bytes / Math.max(1, total)) / wanted.length, bytes);
      facts.push({ name, ...(await withNewBeginnings(options.field, () => fetchOne(location, path, options, report))) });
      files.set(name, join("media", name));
    }
    return { files, facts };
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  }
}

type Report = (bytes: number, total: number | null) => void;

async function fetchOne(location: string, path: string, options: FetchOptions, report: Report): Promise<{ sha256: string; bytes: number }> {
  if (!location.startsWith("/")) return save(await openDownload(location, options), path, options, report);
  const local = await openLocal(location, options);
  const stream = streamLocal(local, options.field, options.signal);
  try {
    if (local.bytes > options.mostBytes) throw sourceError("too_large", "The file is larger than such a medium may be.", options.field);
    await symlink(local.path, path);
    return await save(stream, null, options, report);
  } finally {
    await stream.close();
  }
}

/** Takes the digest of a stream, and keeps its bytes in a file where one is named. */
async function save({ bytes: total, chunks }: SourceStream, path: string | null, { field }: FetchOptions, report: Report): Promise<{ sha256: string; bytes: number }> {
  const digests = new Digests(null);
  const room = path === null ? null : new RoomKeeper(dirname(path), field);
  let bytes = 0;
  // Begun anew, it may be there.
  const file = path === null ? null : await open(path, "w", 0o600);
  try {
    for await (const piece of chunks) {
      digests.update(piece);
      await room?.take(piece.length);
      await file?.writeFile(piece);
      bytes += piece.length;
      report(bytes, total);
    }
    return { sha256: digests.finish("The medium", field), bytes };
  } catch (error) {
    throw hasErrnoCode(error, "ENOSPC") ? sourceError("no_room", "The node's disk is full; the medium doesn't fit on it.", field, error) : error;
  } finally {
    await file?.close();
  }
}
