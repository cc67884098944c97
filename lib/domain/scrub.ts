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

const REPLACEMENT = Buffer.from(REDACTED, "utf8");

function pieces(form: Buffer): Buffer[] {
  if (form.length <= PIECE_BYTES) return [form];
  const parts: Buffer[] = [];
  for (let at = 0; at + PIECE_BYTES < form.length; at += PIECE_BYTES) parts.push(form.subarray(at, at + PIECE_BYTES));
  parts.push(form.subarray(form.length - PIECE_BYTES));
  return parts;
}

/** All patterns of one length, found by a rolling hash. */
class LengthClass {
  readonly length: number;
  readonly #base: number;
  readonly #outgoing: number;
  readonly #byHash = new Map<number, Buffer[]>();
  /** One bit for each of 65,536 hash ends: most positions are passed over without asking the map. */
  readonly #filter = new Uint8Array(8_192);

  constructor(length: number, patterns: readonly Buffer[], base: number) {
    this.length = length;
    this.#base = base;
    let power = 1;
    for (let i = 0; i < length; i += 1) power = Math.imul(power, base);
    this.#outgoing = power;
    for (const pattern of patterns) {
      let hash = 0;
      for (const byte of pattern) hash = (Math.imul(hash, base) + byte + 1) | 0;
      const same = this.#byHash.get(hash);
      if (same === undefined) this.#byHash.set(hash, [pattern]);
      else same.push(pattern);
      const end = (hash >>> 16) & 0xffff;
      this.#filter[end >>> 3] = (this.#filter[end >>> 3] ?? 0) | (1 << (end & 7));
    }
  }

  /** Marks in `covered` (one entry a byte) what belongs to a match. */
  mark(bytes: Buffer, covered: Uint8Array): void {
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
      if (found) covered.fill(1, start, end + 1);
    }
  }
}

/** What to look for, prepared once and shared by the streams of one install. Holds values: never printed or stored. */
export class ScrubPatterns {
  readonly #classes: readonly LengthClass[];
  readonly #sorted: readonly Buffer[];

  constructor(values: Iterable<Sealed<string>>) {
    const distinct = new Map<string, Buffer>();
    for (const value of values) {
      const text = value.open();
      if (text.length < SHORTEST_SCRUBBED) continue;
      for (const form of sealedForms(text)) for (const piece of pieces(form)) distinct.set(piece.toString("latin1"), piece);
    }
    const byLength = new Map<number, Buffer[]>();
    for (const piece of distinct.values()) {
      const same = byLength.get(piece.length);
      if (same === undefined) byLength.set(piece.length, [piece]);
      else same.push(piece);
    }
    // A base of its own in each process: a guest that knows its values can't prepare collisions.
    const base = randomInt(1_000, 1_000_000_000) * 2 + 1;
    this.#classes = [...byLength].map(([length, patterns]) => new LengthClass(length, patterns, base));
    this.#sorted = [...distinct.values()].sort((a, b) => Buffer.compare(a, b));
  }

  /** True where nothing is to be replaced. */
  get isEmpty(): boolean {
    return this.#sorted.length === 0;
  }

  /** For each byte whether it belongs to a match. */
  cover(bytes: Buffer): Uint8Array {
    const covered = new Uint8Array(bytes.length);
    for (const lengthClass of this.#classes) lengthClass.mark(bytes, covered);
    return covered;
  }

  /** Where the longest end of `bytes` begins that could be the beginning of a match; their length if there is none. */
  openEnd(bytes: Buffer): number {
    for (let at = Math.max(0, bytes.length - PIECE_BYTES + 1); at < bytes.length; at += 1) {
      if (this.#isBeginning(bytes.subarray(at))) return at;
    }
    return bytes.length;
  }

  #isBeginning(part: Buffer): boolean {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const pattern = this.#sorted[middle];
      if (pattern !== undefined && Buffer.compare(pattern, part) < 0) low = middle + 1;
      else high = middle;
    }
    const candidate = this.#sorted[low];
    return candidate !== undefined && candidate.length > part.length && candidate.subarray(0, part.length).equals(part);
  }
}

/**
 * Replaces private and secret values in a stream of bytes, also where a value is split over two writes (design: "Scrubbing
 * knows the bytes"). `write` returns what may be passed on; `end` what was still held back. How the stream is cut into
 * writes changes nothing in the result.
 */
export class Scrubber {
  readonly #patterns: ScrubPatterns;
  #held: Buffer = Buffer.alloc(0);
  /** How many bytes at the start of `#held` belong to a match already replaced. */
  #replaced = 0;
  #inReplacement = false;

  constructor(patterns: ScrubPatterns) {
    this.#patterns = patterns;
  }

  write(chunk: Buffer): Buffer {
    if (this.#patterns.isEmpty) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const covered = this.#patterns.cover(bytes);
    covered.fill(1, 0, this.#replaced);
    const end = this.#patterns.openEnd(bytes);
    const output = this.#emit(bytes, covered, end);
    // A match may reach into what is held back; that part is already replaced.
    let replaced = end;
    while (replaced < bytes.length && covered[replaced] === 1) replaced += 1;
    this.#replaced = replaced - end;
    this.#held = Buffer.from(bytes.subarray(end));
    return output;
  }

  end(): Buffer {
    const covered = this.#patterns.cover(this.#held);
    covered.fill(1, 0, this.#replaced);
    const output = this.#emit(this.#held, covered, this.#held.length);
    this.#held = Buffer.alloc(0);
    this.#replaced = 0;
    this.#inReplacement = false;
    return output;
  }

  /** Ends the stream where its rest is left out: what was held back, maybe the first half of a value, is dropped. */
  cut(): void {
    this.#held = Buffer.alloc(0);
    this.#replaced = 0;
    this.#inReplacement = false;
  }

  #emit(bytes: Buffer, covered: Uint8Array, end: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < end; ) {
      const isCovered = covered[at] === 1;
      let next = at + 1;
      while (next < end && (covered[next] === 1) === isCovered) next += 1;
      if (!isCovered) parts.push(bytes.subarray(at, next));
      else if (!this.#inReplacement) parts.push(REPLACEMENT);
      this.#inReplacement = isCovered;
      at = next;
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
