import { isPadding } from "./scrub-digits.ts";
import { PieceIndex } from "./scrub-index.ts";
import { COVERED_BASE64, noSkips, type Scan, scan, SHOWN } from "./scrub-patterns.ts";
import type { ParameterSet } from "./parameters.ts";
import { valueText } from "./scrub-pieces.ts";
import type { Sealed } from "./visibility.ts";
import { REDACTED } from "./visibility.ts";

const LINE_FEED = Buffer.from("\n");
const REPLACEMENT = Buffer.from(REDACTED, "utf8");
/** So much of a stream is looked at together: what that takes is a few times as much. */
const PART_BYTES = 65_536;
/** base64 ends with so many marks at most. */
const MOST_PADDING = 2;
/** Preparing gives way to other work after so long. */
const SLICE_MS = 20;

/** What to look for, prepared once and shared by the streams of one install. Holds values: never printed or stored. */
export class ScrubPatterns {
  readonly #index: PieceIndex;
  /** The values' bytes begin with so many of private ones. */
  readonly #privateBytes: number;
  readonly #hasSecrets: boolean;

  constructor(values: Iterable<Sealed<string>> = [], prepared?: { readonly index: PieceIndex; readonly privateBytes: number; readonly hasSecrets: boolean }) {
    const { index, privateBytes, hasSecrets } = prepared ?? runThrough(build(values));
    this.#index = index;
    this.#privateBytes = privateBytes;
    this.#hasSecrets = hasSecrets;
  }

  /** As the constructor, in slices: a megabyte of values takes a second, in which other guests have to be heard. */
  static async prepare(values: Iterable<Sealed<string>>): Promise<ScrubPatterns> {
    return new ScrubPatterns([], await runInSlices(build(values)));
  }

  /** The private values alone, which stay when the secrets are done with. What it keeps is no more than they need. */
  async onlyPrivate(): Promise<ScrubPatterns> {
    if (!this.#hasSecrets) return this;
    const index = await runInSlices(this.#index.within(this.#privateBytes));
    return new ScrubPatterns([], { index, privateBytes: this.#privateBytes, hasSecrets: false });
  }

  /** True where nothing is to be replaced. */
  get isEmpty(): boolean {
    return this.#index.isEmpty;
  }

  /** Looks for values in one part of a stream; `skips`: what the part before it says. */
  scan(bytes: Uint8Array, skips: Scan["skips"]): Scan {
    return scan(this.#index, bytes, skips);
  }
}

function* build(values: Iterable<Sealed<string>>): Generator<void, { index: PieceIndex; privateBytes: number; hasSecrets: boolean }, void> {
  const all = [...values];
  // Private ones come first: they are what is kept.
  const texts = (visibility: "private" | "secret"): string[] => all.filter((value) => value.visibility === visibility).map((value) => valueText(value.open()));
  const [open, closed] = [texts("private"), texts("secret")];
  const index = yield* PieceIndex.build([...open, ...closed]);
  return { index, privateBytes: Buffer.byteLength(open.join(""), "utf8"), hasSecrets: closed.length > 0 };
}

async function runInSlices<T>(steps: Generator<void, T, void>): Promise<T> {
  let until = performance.now() + SLICE_MS;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = performance.now() + SLICE_MS;
  }
}

function runThrough<T>(steps: Generator<void, T, void>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/**
 * Replaces private and secret values in a stream of bytes, also where a value is split over two writes (design: "Scrubbing
 * knows the bytes"). `write` returns what may be passed on; `end` what was still held back. How the stream is cut into
 * writes changes nothing in the result.
 */
export class Scrubber {
  readonly #patterns: ScrubPatterns;
  #held: Buffer = Buffer.alloc(0);
  /** Which bytes of `#held` belong to a match whose beginning is gone. */
  #heldCovered: Uint8Array = new Uint8Array(0);
  #skips = noSkips();
  #inReplacement = false;
  /** How much of base64's padding may still follow what was replaced. */
  #padding = 0;
  /** Where in `#held` a line feed has to be put in. */
  #lineEnds: number[] = [];

  constructor(patterns: ScrubPatterns) {
    this.#patterns = patterns;
  }

  /** How much waits for what comes next. */
  get heldBytes(): number {
    return this.#held.length;
  }

  write(chunk: Buffer): Buffer {
    if (this.#patterns.isEmpty) return chunk;
    const output: Buffer[] = [];
    for (let at = 0; at < chunk.length; at += PART_BYTES) output.push(this.#writePart(chunk.subarray(at, at + PART_BYTES)));
    return Buffer.concat(output);
  }

  #writePart(part: Buffer): Buffer {
    const bytes = Buffer.concat([this.#held, part]);
    const { covered, end, skips } = this.#scan(bytes);
    const output = this.#emit(bytes, covered, end);
    // A match may reach into what is held back.
    this.#heldCovered = covered.slice(end);
    this.#held = Buffer.from(bytes.subarray(end));
    this.#skips = skips;
    return output;
  }

  /**
   * Puts a line feed in where the stream has none: a writer has stopped in the middle of a line. A value that begins before
   * it and goes on after it is replaced on both sides.
   */
  endLine(): Buffer {
    if (this.#held.length > 0) {
      this.#lineEnds.push(this.#held.length);
      return Buffer.alloc(0);
    }
    this.#endReplacement();
    return LINE_FEED;
  }

  end(): Buffer {
    const { covered } = this.#scan(this.#held);
    const output = this.#emit(this.#held, covered, this.#held.length);
    this.cut();
    return output;
  }

  /**
   * Ends the stream where its rest is left out: what was held back, maybe the first half of a value, is dropped. Returns the
   * end of a line that was still to be put in.
   */
  cut(): Buffer {
    const rest = this.#lineEnds.length > 0 ? LINE_FEED : Buffer.alloc(0);
    this.#held = Buffer.alloc(0);
    this.#heldCovered = new Uint8Array(0);
    this.#skips = noSkips();
    this.#endReplacement();
    this.#lineEnds = [];
    return rest;
  }

  #scan(bytes: Buffer): Scan {
    const found = this.#patterns.scan(bytes, this.#skips);
    for (const [at, code] of this.#heldCovered.entries()) found.covered[at] = Math.max(found.covered[at] ?? SHOWN, code);
    return found;
  }

  #endReplacement(): void {
    this.#inReplacement = false;
    this.#padding = 0;
  }

  #emit(bytes: Buffer, covered: Uint8Array, end: number): Buffer {
    const parts: Buffer[] = [];
    const lineEnds = this.#lineEnds.filter((lineEnd) => lineEnd <= end);
    this.#lineEnds = this.#lineEnds.slice(lineEnds.length).map((lineEnd) => lineEnd - end);
    let at = 0;
    for (const lineEnd of [...lineEnds, end]) {
      while (at < lineEnd) {
        const isCovered = covered[at] !== SHOWN;
        if (!isCovered && this.#padding > 0 && isPadding(bytes[at])) {
          this.#padding -= 1;
          at += 1;
          continue;
        }
        let next = at + 1;
        while (next < lineEnd && (covered[next] !== SHOWN) === isCovered) next += 1;
        if (!isCovered) parts.push(bytes.subarray(at, next));
        else if (!this.#inReplacement) parts.push(REPLACEMENT);
        this.#inReplacement = isCovered;
        this.#padding = isCovered && covered[next - 1] === COVERED_BASE64 ? MOST_PADDING : 0;
        at = next;
      }
      if (lineEnds.shift() === undefined) break;
      parts.push(LINE_FEED);
      this.#endReplacement();
    }
    return Buffer.concat(parts);
  }
}

/** A whole text with its private and secret values replaced. */
export function scrubText(patterns: ScrubPatterns, text: string): string {
  if (patterns.isEmpty) return text;
  const scrubber = new Scrubber(patterns);
  return Buffer.concat([scrubber.write(Buffer.from(text, "utf8")), scrubber.end()]).toString("utf8");
}

/** The values of a parameter set that may not be shown. */
export function sealedValues(parameters: ParameterSet): Sealed<string>[] {
  const values: Sealed<string>[] = [];
  for (const parameter of parameters.values()) if (parameter.visibility !== "public") values.push(parameter.value);
  return values;
}
