import { decodeBase64, decodeHex, type Beginning } from "./scrub-digits.ts";
import type { PieceIndex } from "./scrub-index.ts";
import { LEAST_BEFORE_BREAK, PIECE_BYTES } from "./scrub-pieces.ts";
import { backslashes, decodeView, type Encoding, lineEnds, NEVER, overhang, percents, percentsAndPlus, plainView, shellQuotes, type Unwrapped, unwrap, type View } from "./scrub-views.ts";

/** What a byte of a text is: shown, part of a value, or part of a value in base64, whose padding goes with it. */
export const SHOWN = 0;
export const COVERED = 1;
export const COVERED_BASE64 = 2;

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;
const QUOTE = 0x27;
const CR = 13;

/**
 * The views in which values are looked for, each made of an earlier one; an encoding within another is undone too. A view of a
 * text in which its encoding's mark doesn't occur is the earlier one itself.
 */
const STEPS: readonly { readonly of: number; readonly encoding: Encoding; readonly marks: readonly number[] }[] = [
  /* 1 */ { of: 0, encoding: backslashes, marks: [BACKSLASH] },
  /* 2 */ { of: 1, encoding: backslashes, marks: [BACKSLASH] },
  /* 3 */ { of: 0, encoding: percents, marks: [PERCENT] },
  /* 4 */ { of: 3, encoding: percents, marks: [PERCENT] },
  /* 5 */ { of: 3, encoding: backslashes, marks: [BACKSLASH] },
  /* 6 */ { of: 1, encoding: percents, marks: [PERCENT] },
  /* 7 */ { of: 0, encoding: percentsAndPlus, marks: [PERCENT, PLUS] },
  /* 8 */ { of: 1, encoding: percentsAndPlus, marks: [PERCENT, PLUS] },
  /* 9 */ { of: 0, encoding: shellQuotes, marks: [QUOTE] },
];
/** base64 and hex are looked for where backslashes and percent signs are undone: they have neither. */
const DIGITS_VIEW = 6;
const VIEWS = STEPS.length + 1;

/** Of each view how many bytes at a text's beginning belong to what began before it; for texts as they are and unwrapped. */
export type Skips = Uint32Array;

export function noSkips(): Skips {
  return new Uint32Array(2 * VIEWS);
}

export interface Scan {
  /** For each byte whether it belongs to a value. Of a value in which lines end, the line ends don't. */
  readonly covered: Uint8Array;
  /** Where the longest end of the text begins that could be the beginning of a value; its length if there is none. */
  readonly end: number;
  /** For the text from `end` on. */
  readonly skips: Skips;
}

/** Looks for values in one part of a stream. */
export function scan(index: PieceIndex, text: Uint8Array, skips: Skips): Scan {
  const looking = new Look(index, text);
  const unwrapped = unwrap(text);
  const plain = deriveViews(plainView(text), skips.subarray(0, VIEWS));
  for (const view of new Set(plain)) looking.at(view);
  const broken = unwrapped === null ? null : deriveViews(unwrapped.view, skips.subarray(VIEWS));
  looking.unwrapped = unwrapped;
  if (broken !== null) for (const view of new Set(broken)) looking.at(view);
  looking.atDigits((broken ?? plain)[DIGITS_VIEW] ?? plainView(text));
  const { covered, end } = looking;
  const next = noSkips();
  for (let i = 0; i < VIEWS; i += 1) {
    const [whole, cut] = [plain[i], (broken ?? plain)[i]];
    if (whole !== undefined) next[i] = Math.max(overhang(whole, end), (skips[i] ?? 0) - end);
    if (cut !== undefined) next[VIEWS + i] = Math.max(overhang(cut, end), (skips[VIEWS + i] ?? 0) - end);
  }
  return { covered, end, skips: next };
}

function deriveViews(base: View, skips: Skips): View[] {
  const views = [base];
  for (const [at, { of, encoding, marks }] of STEPS.entries()) {
    const source = views[of] ?? base;
    const skip = skips[at + 1] ?? 0;
    const isSame = skip === (skips[of] ?? 0) && !marks.some((mark) => has(source, mark));
    if (isSame) {
      views.push(source);
      continue;
    }
    // What is the same as the text itself is decoded once.
    const twin = STEPS.findIndex((step, other) => other < at && step.encoding === encoding && views[step.of] === source && (skips[other + 1] ?? 0) === skip);
    views.push((twin < 0 ? undefined : views[twin + 1]) ?? decodeView(source, encoding, skip));
  }
  return views;
}

function has({ bytes, length }: View, byte: number): boolean {
  return bytes.subarray(0, length).includes(byte);
}

class Look {
  readonly covered: Uint8Array;
  end: number;
  /** Where only values are of interest in which a line ends. */
  unwrapped: Unwrapped | null = null;
  readonly #index: PieceIndex;
  #allowsUnbroken = true;

  constructor(index: PieceIndex, text: Uint8Array) {
    this.#index = index;
    this.covered = new Uint8Array(text.length);
    this.end = text.length;
  }

  at(source: View): void {
    const view = has(source, CR) ? decodeView(source, lineEnds, 0) : source;
    this.#allowsUnbroken = this.unwrapped === null;
    this.#find(view, COVERED, false);
    this.#hold(view, null);
    if (view.open !== NEVER && this.#mayBegin(view.open, NEVER)) this.end = Math.min(this.end, view.open);
  }

  atDigits(source: View): void {
    this.#allowsUnbroken = true;
    const look = (code: number) => (run: View, next: Beginning | null): void => {
      const view = has(run, CR) ? decodeView(run, lineEnds, 0) : run;
      this.#find(view, code, true);
      if (next !== null) this.#hold(view, next);
    };
    decodeBase64(source, look(COVERED_BASE64));
    decodeHex(source, look(COVERED));
  }

  #find(view: View, code: number, areDigits: boolean): void {
    this.#index.find(view.bytes, view.length, (start, end) => {
      const from = view.starts[start] ?? 0;
      const to = view.ends[end - 1] ?? 0;
      if (!this.#mayBegin(from, to)) return;
      for (let at = from; at < to; at += 1) {
        // Digits are wrapped at any column: their lines were no lines of a text.
        if (areDigits || this.unwrapped?.isBreak[at] !== 1) this.covered[at] = Math.max(this.covered[at] ?? 0, code);
      }
    });
  }

  /** Whether what begins at a place of the text may be a value, or its beginning, if it goes up to `to`. */
  #mayBegin(from: number, to: number): boolean {
    const broken = this.unwrapped?.nextBreak[from] ?? NEVER;
    return broken >= to ? this.#allowsUnbroken : broken - from >= LEAST_BEFORE_BREAK;
  }

  /** Holds back what may be the beginning of a value; `next`: what else is known at the end. */
  #hold(view: View, next: Beginning | null): void {
    const { bytes, length, starts } = view;
    for (let at = Math.max(0, length - PIECE_BYTES + 1); at < length; at += 1) {
      const from = starts[at] ?? 0;
      if (from >= this.end) return;
      if (this.#index.begins(bytes, at, length) && this.#mayBegin(from, NEVER)) {
        this.end = from;
        return;
      }
    }
    if (next === null || next.count === 0 || next.start >= this.end) return;
    if (this.#index.beginsWithBits(next.bits, next.count) && this.#mayBegin(next.start, NEVER)) this.end = next.start;
  }
}
