/** The thread in which an image is fetched, unpacked and written, so that the agent goes on answering. */
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";
import { dumpImage } from "./dump-image.ts";
import type { DumpRequest } from "./dump-request.ts";
import type { ImageNews, ImageOrder } from "./image-messages.ts";

const PROGRESS_MS = 200;

// The thread's starter, a file of ours, gives it this.
const request = workerData as DumpRequest;
const port = parentPort;
if (port === null) throw new Error("this is a worker's file");
const tell = (news: ImageNews): void => port.postMessage(news);

const aborting = new AbortController();
const allowed = Promise.withResolvers<undefined>();
port.on("message", ({ kind }: ImageOrder) => {
  if (kind === "abort") aborting.abort();
  allowed.resolve(undefined);
});

let toldAt = 0;
let isAsked = false;
try {
  const written = await dumpImage(request, {
    signal: aborting.signal,
    beforeWrite: async () => {
      // Begun anew, it may write already.
      if (!isAsked) tell({ kind: "before-write" });
      isAsked = true;
      await allowed.promise;
      if (aborting.signal.aborted) throw new SlipwayError("cancelled", "It was cancelled.");
    },
    onProgress: (fraction, bytes) => {
      if (Date.now() - toldAt < PROGRESS_MS) return;
      toldAt = Date.now();
      tell({ kind: "progress", fraction: Math.min(1, fraction), bytes });
    },
  });
  tell({ kind: "written", written });
} catch (error) {
  const known = isSlipwayError(error) ? error : new SlipwayError("internal", "Writing the image failed; the agent's log says why.", { cause: error });
  tell({ kind: "failed", code: known.code, message: known.message, field: known.field, cause: inspect(known.cause) });
} finally {
  port.close();
}
