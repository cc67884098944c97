import { NEVER, type View } from "./scrub-views.ts";

/** Shorter runs of characters hold no value. */
const SHORTEST_BASE64 = 8;
const SHORTEST_HEX = 12;
const LF = 10;
const CR = 13;
const EQUALS = 0x3d;
const NOTHING = 255;

/** What a run at the text's end says of the byte after it: some bits, and where in the text the last character begins. */
export interface Beginning {
  readonly bits: number;
  readonly count: number;
  readonly start: number;
}

/** Gets what a run of characters says; `next` where the run goes up to the text's end. */
export type OnRun = (view: View, next: Beginning | null) => void;

function table(characters: string): Uint8Array {
  const values = new Uint8Array(256).fill(NOTHING);
  for (const [value, character] of Buffer.from(characters, "latin1").entries()) values[character] = value;
  return values;
}

const SEXTETS = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
SEXTETS[0x2d] = 62;
SEXTETS[0x5f] = 63;
const NIBBLES = table("0123456789abcdef");
for (const [i, letter] of Buffer.from("ABCDEF", "latin1").entries()) NIBBLES[letter] = 10 + i;
/** What od, xxd and others put between bytes. */
const SEPARATORS = new Set(Buffer.from(" \t:,.-", "latin1"));

/** A line end that is itself written as an escape, as in a JSON string. */
function isEscapedBreak(source: View, at: number): boolean {
  const byte = source.bytes[at];
  return (byte === LF || byte === CR) && (source.ends[at] ?? 0) - (source.starts[at] ?? 0) > 1;
}

/** Runs of digits, in numbers of `bits` bits, as bytes for each place where a byte may begin. */
class RunDecoder {
  readonly #source: View;
  readonly #values: Uint8Array;
  readonly #bits: 4 | 6;
  readonly #onRun: OnRun;
  readonly #chars: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;

  constructor(source: View, values: Uint8Array, bits: 4 | 6, onRun: OnRun) {
    this.#source = source;
    this.#values = values;
    this.#bits = bits;
    this.#onRun = onRun;
    this.#chars = new Uint32Array(source.length);
    this.#bytes = new Uint8Array(source.length);
    this.#starts = new Uint32Array(source.length);
    this.#ends = new Uint32Array(source.length);
  }

  decode(shortest: number, isPassedOver: (at: number) => boolean): void {
    const { bytes, length } = this.#source;
    for (let at = 0; at < length; ) {
      if (this.#values[bytes[at] ?? 0] === NOTHING) {
        at += 1;
        continue;
      }
      let count = 0;
      for (;;) {
        while (at < length && this.#values[bytes[at] ?? 0] !== NOTHING) {
          this.#chars[count] = at;
          count += 1;
          at += 1;
        }
        if (at >= length || !isPassedOver(at)) break;
        // One at most, or an escaped carriage return and line feed.
        let after = at + 1;
        if (bytes[at] === CR && bytes[after] === LF && after < length && isPassedOver(after)) after += 1;
        if (after < length && this.#values[bytes[after] ?? 0] === NOTHING) break;
        at = after;
      }
      const isOpen = at >= length;
      if (count >= shortest || isOpen) this.#decodeRun(count, isOpen);
    }
  }

  #decodeRun(count: number, isOpen: boolean): void {
    const { bytes, starts, ends } = this.#source;
    const bits = this.#bits;
    const phases = bits === 6 ? 4 : 2;
    const lastStart = starts[this.#chars[count - 1] ?? 0] ?? 0;
    for (let phase = 0; phase < phases; phase += 1) {
      let length = 0;
      let held = 0;
      let previous = 0;
      // Of the byte in which the run begins its first character may hold no bit, or so many are before the run.
      let heldBits = phase * (bits === 6 ? 2 : 4);
      let isWhole = heldBits === 0;
      for (let i = 0; i < count; i += 1) {
        const at = this.#chars[i] ?? 0;
        held = ((held << bits) | (this.#values[bytes[at] ?? 0] ?? 0)) & 0x3fff;
        heldBits += bits;
        if (heldBits >= 8) {
          heldBits -= 8;
          if (isWhole) {
            this.#bytes[length] = (held >>> heldBits) & 255;
            this.#starts[length] = starts[previous] ?? 0;
            this.#ends[length] = ends[at] ?? 0;
            length += 1;
          }
          isWhole = true;
        }
        previous = at;
      }
      const next = isOpen && heldBits > 0 ? { bits: held & ((1 << heldBits) - 1), count: heldBits, start: lastStart } : null;
      const view = { bytes: this.#bytes, length, starts: this.#starts, ends: this.#ends, open: NEVER };
      this.#onRun(view, isOpen ? (next ?? { bits: 0, count: 0, start: NEVER }) : null);
    }
  }
}

/** What the text says where it is base64, of either alphabet, from any of its characters on. */
export function decodeBase64(source: View, onRun: OnRun): void {
  new RunDecoder(source, SEXTETS, 6, onRun).decode(SHORTEST_BASE64, (at) => isEscapedBreak(source, at));
}

/** What the text says where it is hex, of either case, with nothing or one separator between digits. */
export function decodeHex(source: View, onRun: OnRun): void {
  const isPassedOver = (at: number): boolean => SEPARATORS.has(source.bytes[at] ?? 0) || isEscapedBreak(source, at);
  new RunDecoder(source, NIBBLES, 4, onRun).decode(SHORTEST_HEX, isPassedOver);
}

export function isPadding(byte: number | undefined): boolean {
  return byte === EQUALS;
}
