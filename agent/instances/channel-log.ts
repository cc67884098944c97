import type { Journal } from "../journal/journal.ts";
import { LineGatherer } from "../logs/line-gatherer.ts";

/** Longer than an install's: nobody waits for these lines, and a thousand guests have something to say. */
const GATHER_MS = 500;
const MOST_WAITING = 500;

/** What is said over a running instance's channel, on its way to the journal as `instance.lines`. */
export function createChannelLog(journal: Journal, instanceId: string): LineGatherer {
  return new LineGatherer({
    journal,
    gatherMs: GATHER_MS,
    mostWaiting: MOST_WAITING,
    send: (lines) => {
      journal.append({ type: "instance.lines", instanceId, lines: [...lines] });
    },
  });
}
