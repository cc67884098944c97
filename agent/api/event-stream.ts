import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Journal } from "../journal/journal.ts";

/** An empty line goes out this often, so that both sides notice a dead connection. */
const HEARTBEAT_MS = 10_000;
/** A reader that takes nothing for so long is let go; it comes back and goes on where it was. */
const STALLED_MS = 60_000;
const BATCH = 200;

/**
 * `GET /v1/events`: a JournalHead, then events as lines as they happen. With another journal's id, or none, from the start.
 * Ends when the reader goes or `closing` is aborted.
 */
export async function streamEvents(journal: Journal, response: ServerResponse, from: { journal: string | null; after: number }, closing: AbortSignal): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  const signal = AbortSignal.any([gone.signal, closing]);
  const { head } = journal;
  let at = from.journal === journal.id ? Math.max(from.after, head.firstSeq - 1) : head.firstSeq - 1;
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.write(`${JSON.stringify(head)}\n`);
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const events = journal.after(at, BATCH);
    let text = "";
    if (events.length === 0) {
      const isNew = await changedOrHeartbeat(journal, signal);
      if (isOver()) break;
      if (isNew) continue;
      text = "\n";
    }
    for (const event of events) {
      text += `${event.line}\n`;
      at = event.seq;
    }
    if (!response.write(text) && !(await drained(response, signal))) break;
  }
  if (closing.aborted) response.end();
  else response.destroy();
}

/** True: there is something new; false: it is time for a heartbeat, or the stream has ended. */
function changedOrHeartbeat(journal: Journal, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isNew: boolean): void => {
      clearTimeout(timer);
      journal.off("changed", onChanged);
      signal.removeEventListener("abort", onAbort);
      resolve(isNew);
    };
    const onChanged = (): void => {
      finish(true);
    };
    const onAbort = (): void => {
      finish(false);
    };
    const timer = setTimeout(finish, HEARTBEAT_MS, false);
    journal.on("changed", onChanged);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  try {
    await once(response, "drain", { signal: AbortSignal.any([signal, AbortSignal.timeout(STALLED_MS)]) });
    return true;
  } catch {
    // Gone or stalled: either way there is nobody to write to.
    return false;
  }
}
