/**
 * The thread that reads back what was written to a disk, past the page cache where that can be done, compares it with what is still held
 * in memory of it, and takes its digests.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { BLOCK_BYTES, blocksOf, makeBlocks } from "./block-ring.ts";
import { openDirect, readFully, roundUp } from "./direct-file.ts";
import type { ReadBackData, ReadBackNews, ReadBackOrder } from "./read-back-messages.ts";

/** Blocks that are being read while one is looked at. */
const AHEAD = 4;

interface Reading {
  readonly order: Exclude<ReadBackOrder, { kind: "end" }>;
  readonly buffer: Buffer;
  readonly done: Promise<number>;
}

// The thread's starter, a file of ours, gives it this.
const { file, ring, withSha512 } = workerData as ReadBackData;
const port = parentPort;
if (port === null) throw new Error("this is a worker's file");
const tell = (news: ReadBackNews): void => port.postMessage(news);

const orders: ReadBackOrder[] = [];
let wake: () => void = () => undefined;
port.on("message", (order: ReadBackOrder) => {
  orders.push(order);
  wake();
});

try {
  await readBack();
} catch (error) {
  tell({ kind: "failed", text: error instanceof Error ? error.message : "unknown" });
} finally {
  port.close();
}

async function readBack(): Promise<void> {
  // Until something is to be read there may be another file of that name.
  while (orders.length === 0) await new Promise<void>((resolve) => (wake = resolve));
  const handle = await openDirect(file, constants.O_RDONLY);
  const written = blocksOf(ring);
  const free = blocksOf(makeBlocks(AHEAD + 1, false));
  const sha256 = createHash("sha256");
  const sha512 = withSha512 ? createHash("sha512") : null;
  const readings: Reading[] = [];
  for (let isOver = false; !isOver || readings.length > 0; ) {
    while (readings.length < AHEAD) {
      const order = nextBlock();
      if (order === null) break;
      if (order.kind === "end") {
        isOver = true;
        break;
      }
      const buffer = free.pop() ?? Buffer.alloc(BLOCK_BYTES);
      const done = readFully(handle, buffer.subarray(0, roundUp(order.length)), order.at);
      // Met when its turn comes.
      done.catch(() => undefined);
      readings.push({ order, buffer, done });
    }
    const reading = readings.shift();
    if (reading === undefined) {
      if (!isOver && orders.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    const { order, buffer, done } = reading;
    const bytes = buffer.subarray(0, order.length);
    if ((await done) < order.length || (order.kind === "block" && written[order.slot]?.subarray(0, order.length).equals(bytes) !== true)) {
      tell({ kind: "differs", at: order.at });
      break;
    }
    if (order.kind === "block") tell({ kind: "compared", slot: order.slot });
    sha256.update(bytes);
    sha512?.update(bytes);
    if (order.kind === "range") tell({ kind: "read", upTo: order.at + order.length });
    free.push(buffer);
  }
  await handle.close();
  tell({ kind: "digests", sha256: sha256.digest("hex"), sha512: sha512?.digest("hex") ?? null });
}

/** The next thing to do; of a range, its next block. */
function nextBlock(): ReadBackOrder | null {
  const order = orders.shift();
  if (order?.kind !== "range" || order.length <= BLOCK_BYTES) return order ?? null;
  orders.unshift({ kind: "range", at: order.at + BLOCK_BYTES, length: order.length - BLOCK_BYTES });
  return { kind: "range", at: order.at, length: BLOCK_BYTES };
}
