import type { GuestLine } from "#lib/domain/guest-lines.ts";
import type { Install } from "./install.ts";

/** Takes a line of a script, scrubbed, to the install's log, and what it says of its progress. `author`: `guest`, `host script`. */
export function takeScriptLine({ log, progress }: Install, line: GuestLine, author: string): void {
  if (line.kind === "log") {
    log.add({ kind: "log", author, text: line.text, step: progress.step, percent: null });
    return;
  }
  const step = progress.guestSaid(line.step, line.percent, line.message);
  log.add({ kind: "progress", author, text: line.message, step, percent: line.percent });
}
