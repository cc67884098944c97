import { timingSafeEqual, createHash } from "node:crypto";
import { type ChannelLimits, cleanText, cutScrubbed, decodeLine, GUEST_LIMITS, LineBudget, LineSplitter, mayBeResult, parseGuestLine, parseResult, RESULT_LINE_BYTES, type GuestLine } from "#lib/domain/guest-lines.ts";
import { Scrubber, type ScrubPatterns, scrubText } from "#lib/domain/scrub.ts";

/** A flood is told of at once, and then no more often than this: what is told is kept like any other line. */
const TELL_MS = 5_000;
/** Of an overlong line so much is scrubbed, so that its first GUEST_LIMITS.lineBytes are there after scrubbing. */
const SCRUBBED_LINE_BYTES = 4 * GUEST_LIMITS.lineBytes;
const LINE_FEED = Buffer.from("\n");

export interface WritePipeEvents {
  /** A line that may be kept: scrubbed, clean, capped. */
  readonly onLine: (line: GuestLine) => void;
  /** Something that the agent has to say of the log. */
  readonly onNotice: (text: string) => void;
  /** The guest has reported, with the right token. */
  readonly onResult: (exitStatus: number) => void;
}

/** What one writer says, on its way to lines. A value may go on from one request to the next of the same writer. */
class Voice {
  readonly #scrubber: Scrubber;
  readonly #lines: LineSplitter;
  #isLeftOut = false;

  constructor(patterns: ScrubPatterns, onLine: (line: Buffer) => void) {
    this.#scrubber = new Scrubber(patterns);
    this.#lines = new LineSplitter(SCRUBBED_LINE_BYTES, onLine);
  }

  say(line: Buffer, end: "line feed" | "cut" | "unfinished"): void {
    this.#isLeftOut = false;
    this.#lines.write(this.#scrubber.write(line));
    if (end === "cut") {
      // The half of a value may stand where the line was cut.
      this.#scrubber.cut();
      this.#lines.write(LINE_FEED);
    } else {
      this.#lines.write(end === "unfinished" ? this.#scrubber.endLine() : this.#scrubber.write(LINE_FEED));
    }
  }

  /** What comes next was left out. */
  leaveOut(): void {
    if (this.#isLeftOut) return;
    this.#isLeftOut = true;
    this.#lines.write(this.#scrubber.cut());
  }

  end(): void {
    this.#lines.write(this.#scrubber.end());
    this.#lines.end();
  }
}

function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}

/**
 * The host's end of `POST …/write`: what a guest has to say, taken as it comes, scrubbed before anything else sees it,
 * capped in line length, rate and number with the loss told (design: "The guest is hostile").
 */
export class WritePipe {
  readonly limits: ChannelLimits;
  readonly #patterns: ScrubPatterns;
  readonly #token: string | null;
  readonly #events: WritePipeEvents;
  /** The runner, with what the script prints, and whoever else posts: their requests come between each other's. */
  readonly #voices: { readonly runner: Voice; readonly others: Voice };
  readonly #budget: LineBudget;
  /** Lines taken of requests that number theirs: what is sent again after a broken connection is known. */
  #numberedLines = 0;
  #keptLines = 0;
  #keptBytes = 0;
  #tooQuick = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #tooMany = 0;
  #isFull = false;
  /** When lines began to be counted towards those that are kept. */
  #countedFrom = performance.now();
  #hasToldForged = false;

  /** `token`: with which a guest reports the end of an install; null in normal running, where there is nothing to report. */
  constructor(patterns: ScrubPatterns, token: string | null, events: WritePipeEvents, limits: ChannelLimits = GUEST_LIMITS) {
    this.#patterns = patterns;
    this.limits = limits;
    this.#budget = new LineBudget(performance.now(), limits);
    this.#token = token;
    this.#events = events;
    const onLine = (line: Buffer): void => {
      this.#passOn(line);
    };
    this.#voices = { runner: new Voice(patterns, onLine), others: new Voice(patterns, onLine) };
  }

  /**
   * Takes one request's body. `firstLine`: the number of its first line among those of all numbered requests, or null.
   * A line that breaks off with its request is left out; the guest sends it again.
   */
  async take(body: AsyncIterable<Buffer>, firstLine: number | null): Promise<void> {
    let skip = firstLine === null ? 0 : Math.max(0, this.#numberedLines - firstLine);
    const voice = firstLine === null ? this.#voices.others : this.#voices.runner;
    let isOver = false;
    const lines = new LineSplitter(SCRUBBED_LINE_BYTES, (line, cutBytes) => {
      if (skip > 0) {
        skip -= 1;
        return;
      }
      if (firstLine !== null) this.#numberedLines += 1;
      this.#takeLine(voice, line, cutBytes > 0 ? "cut" : isOver ? "unfinished" : "line feed");
    });
    for await (const chunk of body) lines.write(chunk);
    isOver = true;
    lines.end();
  }

  /** Tells what is still held back. Nothing may be taken afterwards. */
  end(): void {
    for (const voice of Object.values(this.#voices)) voice.end();
    this.#tellTooQuick(true);
    this.#tellTooMany();
  }

  /** `end`: how it ended; unfinished where its request ended before the line did. */
  #takeLine(voice: Voice, line: Buffer, end: "line feed" | "cut" | "unfinished"): void {
    const mayBeJson = line.length <= RESULT_LINE_BYTES && end !== "cut" && line[0] === 0x7b;
    if (this.#token !== null && end !== "cut" && mayBeResult(line)) {
      const result = parseResult(line.toString("utf8"));
      if (result !== null) {
        // A result with another token isn't shown either: it may be a guess that is nearly right.
        if (equalInConstantTime(result.token, this.#token)) this.#events.onResult(result.exitStatus);
        else this.#tellForged();
        return;
      }
    }
    if (!this.#budget.take(performance.now())) {
      this.#tooQuick += 1;
      voice.leaveOut();
      return;
    }
    this.#tellTooQuick();
    this.#renew();
    if (this.#isFull && !mayBeJson) {
      this.#tooMany += 1;
      voice.leaveOut();
      return;
    }
    voice.say(line, end);
  }

  /** After the time that the limits say, as many lines are kept anew. */
  #renew(): void {
    const { renewMs } = this.limits;
    if (renewMs === null || performance.now() - this.#countedFrom < renewMs) return;
    this.#tellTooMany();
    this.#countedFrom = performance.now();
    this.#keptLines = 0;
    this.#keptBytes = 0;
    this.#isFull = false;
  }

  #tellTooMany(): void {
    if (this.#tooMany > 0) this.#events.onNotice(`The log is full: ${String(this.#tooMany)} more lines were left out.`);
    this.#tooMany = 0;
  }

  /** Once: reports aren't among the lines that are capped. */
  #tellForged(): void {
    if (this.#hasToldForged) return;
    this.#hasToldForged = true;
    this.#events.onNotice("The guest reported an end with a token that isn't this install's. It was ignored.");
  }

  #tellTooQuick(atOnce = false): void {
    const now = performance.now();
    if (this.#tooQuick === 0 || (!atOnce && now - this.#toldAt < TELL_MS)) return;
    this.#toldAt = now;
    this.#events.onNotice(`${String(this.#tooQuick)} lines came too quickly and were left out.`);
    this.#tooQuick = 0;
  }

  /** A scrubbed line. What JSON has unescaped is scrubbed once more, and cut afterwards. */
  #passOn(bytes: Buffer): void {
    const parsed = parseGuestLine(decodeLine(bytes));
    if (parsed.kind === "progress") {
      const step = parsed.step === null ? null : cutScrubbed(cleanText(scrubText(this.#patterns, parsed.step)), GUEST_LIMITS.stepIdLength);
      const message = parsed.message === null ? null : capped(cleanText(scrubText(this.#patterns, parsed.message)));
      if (this.#isFull && message !== null) this.#tooMany += 1;
      this.#count(message ?? "");
      this.#events.onLine({ ...parsed, step, message: this.#isFull ? null : message });
      return;
    }
    if (this.#isFull) {
      this.#tooMany += 1;
      return;
    }
    this.#events.onLine({ kind: "log", text: capped(parsed.text) });
    this.#count(parsed.text);
  }

  #count(text: string): void {
    if (this.#isFull) return;
    this.#keptLines += 1;
    this.#keptBytes += Math.min(text.length, GUEST_LIMITS.lineBytes);
    if (this.#keptLines < this.limits.lines && this.#keptBytes < this.limits.bytes) return;
    this.#isFull = true;
    this.#events.onNotice(`The log is full (${String(this.#keptLines)} lines). Progress is still followed; further lines are counted, not kept.`);
  }
}

/** A line's text within its cap, the cut told in it. */
function capped(text: string): string {
  if (text.length <= GUEST_LIMITS.lineBytes) return text;
  const mark = ` [${String(text.length - GUEST_LIMITS.lineBytes)} more]`;
  return cutScrubbed(text, GUEST_LIMITS.lineBytes - mark.length) + mark;
}
