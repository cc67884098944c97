import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SlipwayError } from "#lib/domain/errors.ts";
import { abortError, throwIfAborted } from "../sources/source-error.ts";
import type { DumpRequest } from "./dump-request.ts";
import type { ImageNews, ImageOrder } from "./image-messages.ts";
import type { ImageRequest, WrittenImage } from "./image-request.ts";

/** After an abort the thread puts its things away; what takes longer than this hangs in a system call, and the thread is ended. */
const PUT_AWAY_MS = 10_000;

/**
 * Fetches an image, writes it to a disk and reads it back, in a thread of its own (design: install, "What a request can combine"). When
 * this returns or throws, whatever it started has ended, and nothing of it is left but what is on the disk and in the cache.
 *
 * @throws SlipwayError source_refused, source_failed, checksum_mismatch, image_refused, disk_too_small, no_room, with the field; what the
 * signal was aborted with
 */
export async function writeImage({ image, file, sizeMib, policy, spoolFolder, cache, signal, beforeWrite, onProgress }: ImageRequest): Promise<WrittenImage> {
  throwIfAborted(signal);
  const workerData: DumpRequest = { image, file, sizeMib, policy, spoolFolder, cache: { folder: cache.folder, limitMib: cache.limitMib } };
  const worker = new Worker(new URL("./image-worker.ts", import.meta.url), { workerData, execArgv: [] });
  const tell = (order: ImageOrder): void => worker.postMessage(order);
  const ended = Promise.withResolvers<WrittenImage>();
  const exited = once(worker, "exit");
  worker.on("error", (error) => ended.reject(new SlipwayError("internal", "Writing the image failed; the agent's log says why.", { cause: error })));
  worker.on("exit", () => ended.reject(new SlipwayError("internal", "Writing the image ended without saying how.")));
  worker.on("message", (news: ImageNews) => {
    switch (news.kind) {
      case "before-write":
        Promise.resolve(beforeWrite?.()).then(
          () => tell({ kind: "go" }),
          (error: unknown) => {
            tell({ kind: "abort" });
            ended.reject(error instanceof Error ? error : new Error("not allowed to write", { cause: error }));
          },
        );
        break;
      case "progress":
        onProgress(news.fraction, news.bytes);
        break;
      case "written":
        ended.resolve(news.written);
        break;
      case "failed":
        ended.reject(new SlipwayError(news.code, news.message, { ...(news.field === undefined ? {} : { field: news.field }), cause: news.cause }));
        break;
    }
  });
  const onAbort = (): void => tell({ kind: "abort" });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await ended.promise;
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    const timer = setTimeout(() => void worker.terminate(), PUT_AWAY_MS);
    await exited;
    clearTimeout(timer);
  }
}
