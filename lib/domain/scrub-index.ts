import { randomInt } from "node:crypto";
import { SHORTEST_SCRUBBED } from "./parameters.ts";
import { PIECE_BYTES, pieceLength, pieceOffset, valuePieces, valueText } from "./scrub-pieces.ts";

/** Building gives way after so many steps, if its caller wants that. */
const STEPS = 4_096;
/** Of a text so many bytes are looked at together before a pattern is compared. */
const GRAM_BYTES = 4;
const SLOTS_PER_PIECE = 1.5;
const FILTER_BITS_PER_PIECE = 8;
const LEAST_FILTER_BITS = 16;

/**
 * Finds the pieces of values in a text. The values' bytes lie in one array; a piece is a number that says where. Linear in the
 * values' bytes: some twelve bytes for each of theirs, at most, and a few steps for each byte of a text, whatever the values are.
 * Holds values: never printed or stored.
 */
export class PieceIndex {
  readonly #values: Uint8Array;
  /** Pieces in the order of their bytes, each once. */
  #sorted: Uint32Array = new Uint32Array(0);
  /** The same, by their hash; 0: free. */
  readonly #slots: Uint32Array;
  /** One bit for each hash of a piece's first GRAM_BYTES: most places of a text are passed over with it. */
  readonly #filter: Uint8Array;
  readonly #filterShift: number;
  /** One bit for each of the first two bytes. */
  readonly #pairs = new Uint8Array(8_192);
  readonly #firsts = new Uint8Array(256);
  /** The lengths that there are, as bits. */
  #lengths = 0;
  // A base of its own each time: a guest that knows its values can't prepare collisions.
  readonly #base = randomInt(1_000, 1_000_000_000) * 2 + 1;

  private constructor(values: Uint8Array, count: number) {
    this.#values = values;
    this.#slots = new Uint32Array(Math.ceil(count * SLOTS_PER_PIECE) + 1);
    const bits = Math.max(LEAST_FILTER_BITS, Math.ceil(Math.log2(count * FILTER_BITS_PER_PIECE + 1)));
    this.#filter = new Uint8Array(1 << (bits - 3));
    this.#filterShift = 32 - bits;
  }

  /** In steps between which other work may be done. */
  static *build(values: readonly string[]): Generator<void, PieceIndex, void> {
    const texts = values.map(valueText);
    const bytes = Buffer.concat(texts.map((text) => Buffer.from(text, "utf8")));
    let found = new Uint32Array(256);
    let count = 0;
    let offset = 0;
    for (const text of texts) {
      for (const piece of valuePieces(text, bytes, offset)) {
        if (count === found.length) {
          const larger = new Uint32Array(count * 2);
          larger.set(found);
          found = larger;
        }
        found[count] = piece;
        count += 1;
        if (count % STEPS === 0) yield;
      }
      offset += Buffer.byteLength(text, "utf8");
    }
    const index = new PieceIndex(bytes, count);
    let unique = 0;
    for (let at = 0; at < count; at += 1) {
      const piece = found[at] ?? 0;
      if (index.#add(piece)) {
        found[unique] = piece;
        unique += 1;
      }
      if (at % STEPS === 0) yield;
    }
    index.#sorted = yield* index.#sort(found.slice(0, unique));
    return index;
  }

  /** The same without the pieces that lie beyond the first `bytes` of the values; in steps as well. */
  *within(bytes: number): Generator<void, PieceIndex, void> {
    const kept = this.#sorted.filter((piece) => pieceOffset(piece) < bytes);
    const index = new PieceIndex(this.#values.slice(0, bytes), kept.length);
    for (const [at, piece] of kept.entries()) {
      index.#add(piece);
      if (at % STEPS === 0) yield;
    }
    index.#sorted = kept;
    return index;
  }

  get isEmpty(): boolean {
    return this.#sorted.length === 0;
  }

  /** Tells of each match: where it begins, and the byte after it. */
  find(text: Uint8Array, length: number, onMatch: (start: number, end: number) => void): void {
    const filter = this.#filter;
    const shift = this.#filterShift;
    const base = this.#base;
    let word = 0;
    for (let at = 0; at < length; at += 1) {
      word = (word << 8) | (text[at] ?? 0);
      const bit = Math.imul(word, base) >>> shift;
      if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0 || at < GRAM_BYTES - 1) continue;
      const start = at - GRAM_BYTES + 1;
      const end = Math.min(length, start + PIECE_BYTES);
      let hash = 0;
      for (let next = start; next < end; next += 1) {
        hash = (Math.imul(hash, base) + (text[next] ?? 0) + 1) | 0;
        const size = next + 1 - start;
        if (size >= SHORTEST_SCRUBBED && ((this.#lengths >>> size) & 1) === 1 && this.#has(hash, text, start, size)) onMatch(start, next + 1);
      }
    }
  }

  /** Whether some piece begins with these bytes of a text and is longer. */
  begins(text: Uint8Array, from: number, to: number): boolean {
    const first = text[from] ?? 0;
    if (this.#firsts[first] !== 1) return false;
    if (to - from > 1) {
      const pair = (first << 8) | (text[from + 1] ?? 0);
      if (((this.#pairs[pair >>> 3] ?? 0) & (1 << (pair & 7))) === 0) return false;
    } else return true;
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#sorted[middle] ?? 0, text, from, to - from) < 0) low = middle + 1;
      else high = middle;
    }
    // The part itself may be a piece too; one that is longer comes right after it.
    for (const piece of [this.#sorted[low], this.#sorted[low + 1]]) {
      if (piece !== undefined && pieceLength(piece) > to - from && this.#isAt(piece, text, from, to - from)) return true;
    }
    return false;
  }

  /** Whether some piece's first byte begins with these bits. */
  beginsWithBits(bits: number, count: number): boolean {
    for (let byte = bits << (8 - count); byte < (bits + 1) << (8 - count); byte += 1) if (this.#firsts[byte] === 1) return true;
    return false;
  }

  /** False where the same bytes are there already. */
  #add(piece: number): boolean {
    const offset = pieceOffset(piece);
    const length = pieceLength(piece);
    let hash = 0;
    let word = 0;
    for (let i = 0; i < length; i += 1) {
      const byte = this.#values[offset + i] ?? 0;
      hash = (Math.imul(hash, this.#base) + byte + 1) | 0;
      if (i < GRAM_BYTES) word = (word << 8) | byte;
    }
    let slot = this.#slotOf(hash, length);
    for (let known = this.#slots[slot] ?? 0; known !== 0; known = this.#slots[slot] ?? 0) {
      if (pieceLength(known) === length && this.#isAt(known, this.#values, offset, length)) return false;
      slot = slot + 1 === this.#slots.length ? 0 : slot + 1;
    }
    this.#slots[slot] = piece;
    const bit = Math.imul(word, this.#base) >>> this.#filterShift;
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    const pair = ((this.#values[offset] ?? 0) << 8) | (this.#values[offset + 1] ?? 0);
    this.#pairs[pair >>> 3] = (this.#pairs[pair >>> 3] ?? 0) | (1 << (pair & 7));
    this.#firsts[pair >>> 8] = 1;
    this.#lengths |= 1 << length;
    return true;
  }

  #slotOf(hash: number, length: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 15) ^ length, 0x2c1b3c6d);
    return Math.floor((((mixed ^ (mixed >>> 13)) >>> 0) * this.#slots.length) / 0x1_0000_0000);
  }

  #has(hash: number, text: Uint8Array, from: number, length: number): boolean {
    let slot = this.#slotOf(hash, length);
    for (let known = this.#slots[slot] ?? 0; known !== 0; known = this.#slots[slot] ?? 0) {
      if (pieceLength(known) === length && this.#isAt(known, text, from, length)) return true;
      slot = slot + 1 === this.#slots.length ? 0 : slot + 1;
    }
    return false;
  }

  /** Whether a piece's first bytes are those of a text. */
  #isAt(piece: number, text: Uint8Array, from: number, length: number): boolean {
    const offset = pieceOffset(piece);
    for (let i = 0; i < length; i += 1) if (this.#values[offset + i] !== text[from + i]) return false;
    return true;
  }

  /** Below, at or above 0: a piece comes before some bytes of a text, is the same, or comes after them. */
  #compare(piece: number, text: Uint8Array, from: number, length: number): number {
    const offset = pieceOffset(piece);
    const own = pieceLength(piece);
    const both = Math.min(own, length);
    for (let i = 0; i < both; i += 1) {
      const difference = (this.#values[offset + i] ?? 0) - (text[from + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return own - length;
  }

  /** Pieces in the order of their bytes: merged, in steps. */
  *#sort(pieces: Uint32Array<ArrayBuffer>): Generator<void, Uint32Array, void> {
    const count = pieces.length;
    let from = pieces;
    let to = new Uint32Array(count);
    let steps = 0;
    for (let width = 1; width < count; width *= 2) {
      for (let start = 0; start < count; start += 2 * width) {
        const middle = Math.min(start + width, count);
        const end = Math.min(start + 2 * width, count);
        let left = start;
        let right = middle;
        for (let at = start; at < end; at += 1) {
          const a = from[left] ?? 0;
          const b = from[right] ?? 0;
          const isLeft = left < middle && (right >= end || this.#compare(a, this.#values, pieceOffset(b), pieceLength(b)) <= 0);
          to[at] = isLeft ? a : b;
          if (isLeft) left += 1;
          else right += 1;
          steps += 1;
          if (steps % STEPS === 0) yield;
        }
      }
      [from, to] = [to, from];
    }
    return from;
  }
}
