import { REDACTED } from "./visibility.ts";

/** What a guest says over the write pipe, line by line (design: "The service", the write pipe). */

/** What one guest may say over its channel, and be told. What is beyond is counted and told, and everything else goes on. */
export interface ChannelLimits {
  /** Lines that are kept, and their bytes: of a whole install, or per `renewMs` where that is given. */
  readonly lines: number;
  readonly bytes: number;
  /** After so long, `lines` and `bytes` are had anew; null: never. */
  readonly renewMs: number | null;
  /** Lines that may come at once, and then in each second. */
  readonly burst: number;
  readonly linesPerSecond: number;
  /** Of one request: bytes, milliseconds from its first to its last, and milliseconds in which nothing comes. */
  readonly requestBytes: number;
  readonly requestMs: number;
  readonly stallMs: number;
  /** Of all requests together: bytes that are taken as they come, and then in each second. What comes quicker waits. */
  readonly burstBytes: number;
  readonly bytesPerSecond: number;
  /** Lines that wait for the guest to read them, and their bytes. */
  readonly waitingLines: number;
  readonly waitingBytes: number;
}

/** Caps on what one install's guest may say. */
export const GUEST_LIMITS = {
  /** Of one line; the rest of a longer one is cut off. */
  lineBytes: 4_096,
  /** Lines kept in an install's log. */
  lines: 20_000,
  /** Bytes kept in an install's log. */
  bytes: 4 * 1_048_576,
  renewMs: null,
  /** Lines that may come at once, and then in each second. */
  burst: 2_000,
  linesPerSecond: 500,
  /** A script may stream what it prints in one request, and be silent for a while. */
  requestBytes: 16 * 1_048_576,
  requestMs: 3_600_000,
  stallMs: 300_000,
  burstBytes: 4 * 1_048_576,
  bytesPerSecond: 8 * 1_048_576,
  waitingLines: 1_000,
  waitingBytes: 65_536,
  /** Steps that were not known beforehand. */
  unknownSteps: 32,
  stepIdLength: 64,
  stepLabelLength: 120,
} as const satisfies ChannelLimits & Record<string, number | null>;

/** The same of a guest in normal running, which has little to say and all day to say it. */
export const RUNNING_GUEST_LIMITS: ChannelLimits = {
  lines: 500,
  bytes: 262_144,
  renewMs: 3_600_000,
  burst: 100,
  linesPerSecond: 1,
  requestBytes: 65_536,
  requestMs: 30_000,
  stallMs: 10_000,
  burstBytes: 262_144,
  bytesPerSecond: 65_536,
  waitingLines: 1_000,
  waitingBytes: 65_536,
};

/** The longest line that is looked into for a result. */
export const RESULT_LINE_BYTES = 2_048;

export type GuestLine =
  | { readonly kind: "log"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly step: string | null;
      /** 0 to 100, within the step. */
      readonly percent: number | null;
      readonly message: string | null;
    };

/** How a guest says that it has come to an end. The token is compared, never kept or shown. */
export interface GuestResult {
  readonly token: string;
  readonly exitStatus: number;
}

function parseObject(line: string): Record<string, unknown> | null {
  if (!line.trimStart().startsWith("{")) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    // A JSON object has string keys and unknown values; arrays and null are excluded here.
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Whether a line can be a result at all: quick, because a guest may send nothing but lines that look like one. */
export function mayBeResult(line: Buffer): boolean {
  return line.length <= RESULT_LINE_BYTES && line[0] === 0x7b && line.includes('"result"') && line.includes('"token"') && line.includes('"exit_status"');
}

/** `{"result":{"token":"…","exit_status":N}}`, or null where a line is anything else. */
export function parseResult(line: string): GuestResult | null {
  const result = parseObject(line)?.["result"];
  if (typeof result !== "object" || result === null || !("token" in result) || !("exit_status" in result)) return null;
  const { token, exit_status: exitStatus } = result;
  if (typeof token !== "string" || typeof exitStatus !== "number" || !Number.isInteger(exitStatus)) return null;
  return { token, exitStatus };
}

/**
 * A JSON object with `step`, `percent` or `message` is progress; any other line is log. The strings are as they were sent: they
 * have to be scrubbed, and only then cut, because half a value isn't recognised.
 */
export function parseGuestLine(line: string): GuestLine {
  const object = parseObject(line);
  if (object === null || !("step" in object || "percent" in object || "message" in object)) return { kind: "log", text: line };
  const { step, percent, message } = object;
  return {
    kind: "progress",
    step: typeof step === "string" && step !== "" ? step : null,
    percent: typeof percent === "number" && Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : null,
    message: typeof message === "string" ? message : null,
  };
}

/**
 * A text without control characters and broken UTF-16: what a database, a terminal and a page can all take. They are
 * replaced, not left out, so that what stood apart doesn't come together.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** The beginning of a text, with no half of a character at its end: no database takes one. */
export function cutText(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** The same of a scrubbed text, with no half of what stands in the place of a value either. */
export function cutScrubbed(text: string, length: number): string {
  const cut = cutText(text, length);
  const mark = text.lastIndexOf(REDACTED, length - 1);
  return mark >= 0 && mark < length && mark + REDACTED.length > length ? cut.slice(0, mark) : cut;
}

/** One scrubbed line as text: what a terminal would show of it, and no longer than a line may be. */
export function decodeLine(bytes: Buffer): string {
  const text = bytes.toString("utf8").replace(/\r+$/, "");
  // A program that redraws its line (a bar, a counter) ends each drawing with a carriage return: the last one counts.
  return cleanText(text.slice(text.lastIndexOf("\r") + 1));
}

/**
 * Cuts a stream of bytes into lines of at most `maxBytes`; of a longer one the beginning. `onLine` gets a line without its
 * line feed and the number of bytes that were cut off.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Buffer, cutBytes: number) => void;
  #parts: Buffer[] = [];
  #length = 0;
  #cut = 0;

  constructor(maxBytes: number, onLine: (line: Buffer, cutBytes: number) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(10, at);
      if (end >= 0 && this.#length === 0 && this.#cut === 0 && end - at <= this.#maxBytes) {
        // Most lines are whole in what comes: nothing is put together.
        this.#onLine(chunk.subarray(at, end), 0);
        at = end + 1;
        continue;
      }
      this.#take(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) return;
      this.#finish();
      at = end + 1;
    }
  }

  /** What stands after the last line feed, as a line of its own. */
  end(): void {
    if (this.#length > 0 || this.#cut > 0) this.#finish();
  }

  #take(part: Buffer): void {
    const room = this.#maxBytes - this.#length;
    const kept = part.subarray(0, Math.max(0, room));
    if (kept.length > 0) this.#parts.push(Buffer.from(kept));
    this.#length += kept.length;
    this.#cut += part.length - kept.length;
  }

  #finish(): void {
    const line = Buffer.concat(this.#parts);
    const cut = this.#cut;
    this.#parts = [];
    this.#length = 0;
    this.#cut = 0;
    this.#onLine(line, cut);
  }
}

/** A budget of lines: a burst, refilled at a steady rate. */
export class LineBudget {
  readonly #limits: Pick<ChannelLimits, "burst" | "linesPerSecond">;
  #tokens: number;
  #at: number;

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(now: number, limits: Pick<ChannelLimits, "burst" | "linesPerSecond"> = GUEST_LIMITS) {
    this.#limits = limits;
    this.#tokens = limits.burst;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + ((now - this.#at) / 1_000) * this.#limits.linesPerSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
