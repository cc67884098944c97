import { randomInt } from "node:crypto";
import type { ParameterSet } from "./parameters.ts";
import { SHORTEST_SCRUBBED } from "./parameters.ts";
import { sealedForms } from "./sealed-forms.ts";
import type { Sealed } from "./visibility.ts";
import { REDACTED } from "./visibility.ts";

/**
 * Longer forms are looked for in pieces of this many bytes, the last one overlapping the one before: no pattern is longer,
 * so the scrubber never holds more than this back, and a part of a long value is replaced too.
 */
const PIECE_BYTES = 24;

const LINE_FEED = Buffer.from("\n");
const LF = 10;
const CR = 13;
const NEVER = 0xffff_ffff;
const REPLACEMENT = Buffer.from(REDACTED, "utf8");

/**
 * A form is also looked for where a line ends in the middle of it, as programs wrap base64 and hex at any column; but only after
 * so many bytes of it, because whatever could be its beginning is held back until the next line comes.
 */
const LEAST_BEFORE_BREAK = 3;
/** Longer forms aren't looked for from each of their first bytes on: what a line's end can show of them is a small part. */
const LONGEST_SHIFTED = 512;

function* pieces(form: Buffer): Generator<Buffer, void, void> {
  const last = Math.max(0, form.length - PIECE_BYTES);
  // A line may end after one or two bytes of a piece: the rest of it is found by itself.
  const shifts = form.length > LONGEST_SHIFTED ? 1 : LEAST_BEFORE_BREAK;
  for (let at = 0; at <= last; at = at < last ? Math.min(at + PIECE_BYTES, last) : last + 1) {
    for (let shift = 0; shift < shifts; shift += 1) {
      const piece = form.subarray(at + shift, at + shift + PIECE_BYTES);
      if (shift === 0 || piece.length >= SHORTEST_SCRUBBED) yield piece;
    }
  }
}

/** All patterns of one length, found by a rolling hash. */
class LengthClass {
  readonly length: number;
  readonly #base: number;
  readonly #outgoing: number;
  readonly #byHash = new Map<number, Buffer[]>();
  /** One bit for each of 65,536 hash ends: most positions are passed over without asking the map. */
  readonly #filter = new Uint8Array(8_192);

  constructor(length: number, base: number) {
    this.length = length;
    this.#base = base;
    let power = 1;
    for (let i = 0; i < length; i += 1) power = Math.imul(power, base);
    this.#outgoing = power;
  }

  /** False where it is there already. */
  add(pattern: Buffer): boolean {
    let hash = 0;
    for (const byte of pattern) hash = (Math.imul(hash, this.#base) + byte + 1) | 0;
    const same = this.#byHash.get(hash);
    if (same?.some((known) => known.equals(pattern)) === true) return false;
    if (same === undefined) this.#byHash.set(hash, [pattern]);
    else same.push(pattern);
    const end = (hash >>> 16) & 0xffff;
    this.#filter[end >>> 3] = (this.#filter[end >>> 3] ?? 0) | (1 << (end & 7));
    return true;
  }

  /** Tells of each match: where it begins, and the byte after it. */
  find(bytes: Buffer, onMatch: (start: number, end: number) => void): void {
    const { length } = this;
    let hash = 0;
    for (let end = 0; end < bytes.length; end += 1) {
      hash = (Math.imul(hash, this.#base) + (bytes[end] ?? 0) + 1) | 0;
      if (end >= length) hash = (hash - Math.imul(this.#outgoing, (bytes[end - length] ?? 0) + 1)) | 0;
      else if (end < length - 1) continue;
      const bits = (hash >>> 16) & 0xffff;
      if (((this.#filter[bits >>> 3] ?? 0) & (1 << (bits & 7))) === 0) continue;
      const start = end + 1 - length;
      const found = this.#byHash.get(hash)?.some((pattern) => pattern.equals(bytes.subarray(start, end + 1))) === true;
      if (found) onMatch(start, end + 1);
    }
  }
}

/** A text without the line ends that stand by themselves, and where its bytes were. */
interface Unwrapped {
  readonly bytes: Buffer;
  /** Of each byte its place in the text, and at the end where the text's last byte is followed by nothing. */
  readonly places: Uint32Array;
  /** Of each byte the first later one before which a line end was taken out. */
  readonly nextBreak: Uint32Array;
}

/** Null: no line end stands by itself with something before it. */
function unwrap(text: Buffer): Unwrapped | null {
  if (!text.includes(LF)) return null;
  const bytes = Buffer.alloc(text.length);
  const places = new Uint32Array(text.length + 1);
  const nextBreak = new Uint32Array(text.length + 1);
  let length = 0;
  let unmarked = 0;
  for (let at = 0; at < text.length; ) {
    const size = breakAt(text, at);
    const isAlone = size > 0 && length > 0 && bytes[length - 1] !== LF && breakAt(text, at + size) === 0;
    if (isAlone) {
      nextBreak.fill(length, unmarked, length);
      unmarked = length;
      at += size;
      continue;
    }
    places[length] = at;
    bytes[length] = text[at] ?? 0;
    length += 1;
    at += 1;
  }
  nextBreak.fill(NEVER, unmarked, length + 1);
  places[length] = text.length;
  return { bytes: bytes.subarray(0, length), places, nextBreak };
}

/** How long the line end is that begins here; 0: none does. */
function breakAt(text: Buffer, at: number): 0 | 1 | 2 {
  if (text[at] === LF) return 1;
  return text[at] === CR && text[at + 1] === LF ? 2 : 0;
}

/** Patterns that are sorted together; more of them make a further group, so that no sorting takes long. */
const GROUP_SIZE = 20_000;
/** Preparing gives way to other work after so long. */
const SLICE_MS = 20;

/** What to look for, prepared once and shared by the streams of one install. Holds values: never printed or stored. */
export class ScrubPatterns {
  readonly #classes = new Map<number, LengthClass>();
  /** Each in the order of its bytes. */
  readonly #groups: Buffer[][] = [];
  #group: Buffer[] = [];
  // A base of its own each time: a guest that knows its values can't prepare collisions.
  readonly #base = randomInt(1_000, 1_000_000_000) * 2 + 1;

  constructor(values: Iterable<Sealed<string>> = []) {
    for (const value of values) for (const form of formsOf(value)) this.#add(form);
    this.#sortGroup();
  }

  /** As the constructor, in slices: a megabyte of values takes seconds, in which other guests have to be heard. */
  static async prepare(values: Iterable<Sealed<string>>): Promise<ScrubPatterns> {
    const patterns = new ScrubPatterns();
    let until = performance.now() + SLICE_MS;
    for (const value of values) {
      for (const form of formsOf(value)) {
        patterns.#add(form);
        if (performance.now() < until) continue;
        await new Promise((resolve) => setImmediate(resolve));
        until = performance.now() + SLICE_MS;
      }
    }
    patterns.#sortGroup();
    return patterns;
  }

  #add(form: Buffer): void {
    for (const piece of pieces(form)) {
      let lengthClass = this.#classes.get(piece.length);
      if (lengthClass === undefined) {
        lengthClass = new LengthClass(piece.length, this.#base);
        this.#classes.set(piece.length, lengthClass);
      }
      if (!lengthClass.add(piece)) continue;
      this.#group.push(piece);
      if (this.#group.length >= GROUP_SIZE) this.#sortGroup();
    }
  }

  #sortGroup(): void {
    if (this.#group.length > 0) this.#groups.push(this.#group.sort((a, b) => Buffer.compare(a, b)));
    this.#group = [];
  }

  /** True where nothing is to be replaced. */
  get isEmpty(): boolean {
    return this.#classes.size === 0;
  }

  /** For each byte whether it belongs to a match. Of a match in which lines end, the line ends don't. */
  cover(bytes: Buffer): Uint8Array {
    const covered = new Uint8Array(bytes.length);
    const unwrapped = unwrap(bytes);
    for (const lengthClass of this.#classes.values()) {
      lengthClass.find(bytes, (start, end) => {
        covered.fill(1, start, end);
      });
      if (unwrapped === null) continue;
      const { places, nextBreak } = unwrapped;
      lengthClass.find(unwrapped.bytes, (start, end) => {
        const broken = nextBreak[start] ?? NEVER;
        if (broken < end && broken - start >= LEAST_BEFORE_BREAK) for (let at = start; at < end; at += 1) covered[places[at] ?? 0] = 1;
      });
    }
    return covered;
  }

  /** Where the longest end of `bytes` begins that could be the beginning of a match; their length if there is none. */
  openEnd(bytes: Buffer): number {
    for (let at = Math.max(0, bytes.length - PIECE_BYTES + 1); at < bytes.length; at += 1) {
      if (this.#begins(bytes.subarray(at))) return Math.min(at, this.#openBroken(bytes));
    }
    return this.#openBroken(bytes);
  }

  /** The same of what goes on after the end of a line. */
  #openBroken(bytes: Buffer): number {
    // It may be the first half of a line end.
    const unwrapped = unwrap(bytes.at(-1) === CR ? Buffer.concat([bytes.subarray(0, -1), LINE_FEED]) : bytes);
    if (unwrapped === null) return bytes.length;
    const { bytes: text, places, nextBreak } = unwrapped;
    for (let at = Math.max(0, text.length - PIECE_BYTES + 1); at < text.length; at += 1) {
      const broken = nextBreak[at] ?? NEVER;
      if (broken !== NEVER && broken - at >= LEAST_BEFORE_BREAK && this.#begins(text.subarray(at))) return places[at] ?? bytes.length;
    }
    return bytes.length;
  }

  #begins(part: Buffer): boolean {
    return this.#groups.some((group) => isBeginning(group, part));
  }
}

function* formsOf(value: Sealed<string>): Generator<Buffer, void, void> {
  const text = value.open();
  if (text.length >= SHORTEST_SCRUBBED) yield* sealedForms(text);
}

/** Whether one of the patterns, in the order of their bytes, begins with a part and is longer. */
function isBeginning(sorted: readonly Buffer[], part: Buffer): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const pattern = sorted[middle];
    if (pattern !== undefined && Buffer.compare(pattern, part) < 0) low = middle + 1;
    else high = middle;
  }
  // The part itself may be a pattern too; one that is longer comes right after it.
  return [sorted[low], sorted[low + 1]].some((pattern) => pattern !== undefined && pattern.length > part.length && pattern.subarray(0, part.length).equals(part));
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
  #inReplacement = false;
  /** Where in `#held` a line feed has to be put in. */
  #lineEnds: number[] = [];

  constructor(patterns: ScrubPatterns) {
    this.#patterns = patterns;
  }

  write(chunk: Buffer): Buffer {
    if (this.#patterns.isEmpty) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const covered = this.#cover(bytes);
    const end = this.#patterns.openEnd(bytes);
    const output = this.#emit(bytes, covered, end);
    // A match may reach into what is held back.
    this.#heldCovered = covered.slice(end);
    this.#held = Buffer.from(bytes.subarray(end));
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
    this.#inReplacement = false;
    return LINE_FEED;
  }

  end(): Buffer {
    const covered = this.#cover(this.#held);
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
    this.#inReplacement = false;
    this.#lineEnds = [];
    return rest;
  }

  #cover(bytes: Buffer): Uint8Array {
    const covered = this.#patterns.cover(bytes);
    for (const [at, flag] of this.#heldCovered.entries()) if (flag === 1) covered[at] = 1;
    return covered;
  }

  #emit(bytes: Buffer, covered: Uint8Array, end: number): Buffer {
    const parts: Buffer[] = [];
    const lineEnds = this.#lineEnds.filter((lineEnd) => lineEnd <= end);
    this.#lineEnds = this.#lineEnds.slice(lineEnds.length).map((lineEnd) => lineEnd - end);
    let at = 0;
    for (const lineEnd of [...lineEnds, end]) {
      while (at < lineEnd) {
        const isCovered = covered[at] === 1;
        let next = at + 1;
        while (next < lineEnd && (covered[next] === 1) === isCovered) next += 1;
        if (!isCovered) parts.push(bytes.subarray(at, next));
        else if (!this.#inReplacement) parts.push(REPLACEMENT);
        this.#inReplacement = isCovered;
        at = next;
      }
      if (lineEnds.shift() === undefined) break;
      parts.push(LINE_FEED);
      this.#inReplacement = false;
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
export function sealedValues(parameters: ParameterSet, only?: "private"): Sealed<string>[] {
  const values: Sealed<string>[] = [];
  for (const parameter of parameters.values()) {
    if (parameter.visibility === "public") continue;
    if (only === undefined || parameter.visibility === only) values.push(parameter.value);
  }
  return values;
}
