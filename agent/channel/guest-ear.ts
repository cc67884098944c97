import { SlipwayError } from "#lib/domain/errors.ts";
import { cleanText, cutScrubbed, GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { scrubText, type ScrubPatterns } from "#lib/domain/scrub.ts";
import { REDACTED } from "#lib/domain/visibility.ts";
import type { NewLine } from "../logs/line-gatherer.ts";
import type { ReadPipe } from "../metadata/read-pipe.ts";

/** A line for a guest, and who says it: `user NAME`, `host script`. */
export interface Message {
  readonly author: string;
  /** At most GUEST_LIMITS.lineBytes, without a line feed. */
  readonly line: string;
}

export interface GuestEarOptions {
  readonly read: ReadPipe;
  /** What has to be left out where the message is shown; null: not known, and nothing of it is shown. */
  readonly patterns: () => ScrubPatterns | null;
  readonly step: () => string | null;
  /** The log of the guest. */
  readonly onLine: (line: NewLine) => void;
}

/** The host's end of a guest's `read`: who speaks is in the guest's log, with what was said (design: "The service"). */
export class GuestEar {
  readonly #options: GuestEarOptions;

  constructor(options: GuestEarOptions) {
    this.#options = options;
  }

  /** @throws SlipwayError `too_many_requests` where too much waits to be read already */
  say({ author, line }: Message): void {
    const { read, patterns, step, onLine } = this.#options;
    if (!read.putLine(line)) throw new SlipwayError("too_many_requests", "The guest hasn't read what it was told before: no more can wait for it.");
    const known = patterns();
    const text = known === null ? REDACTED : cutScrubbed(cleanText(scrubText(known, line)), GUEST_LIMITS.lineBytes);
    onLine({ kind: "message", author, text, step: step(), percent: null });
  }
}
