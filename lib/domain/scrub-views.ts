/**
 * Views of a text: what it says when an encoding is undone, with the place of each byte in the text. Values are looked for in
 * all of them, so that it doesn't matter which characters a program escapes, and how.
 */

/** "Nowhere" in place of a position. */
export const NEVER = 0xffff_ffff;

const LF = 10;
const CR = 13;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;
const QUOTE = 0x27;
const SPACE = 0x20;

export interface View {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Of each byte where in the text that begins which stands for it, and the place after it. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Where something begins at the text's end that may go on: the view ends before it. NEVER: nothing does. */
  readonly open: number;
}

/** What stands for one character: how many bytes are taken (0: it may go on after the text's end) and what they say. */
interface Token {
  taken: number;
  length: number;
  readonly bytes: Uint8Array;
}

/** Reads what begins at a place into `token`. */
export type Encoding = (bytes: Uint8Array, at: number, length: number, token: Token) => void;

export function plainView(text: Uint8Array): View {
  const places = new Uint32Array(text.length + 1);
  for (let at = 0; at <= text.length; at += 1) places[at] = at;
  return { bytes: text, length: text.length, starts: places, ends: places.subarray(1), open: NEVER };
}

/** Undoes an encoding. What stands before `skip` in the text belongs to something that began before it. */
export function decodeView(source: View, encoding: Encoding, skip: number): View {
  const bytes = new Uint8Array(source.length);
  const starts = new Uint32Array(source.length + 1);
  const ends = new Uint32Array(source.length + 1);
  const token: Token = { taken: 0, length: 0, bytes: new Uint8Array(4) };
  let length = 0;
  let at = 0;
  while (at < source.length && (source.starts[at] ?? 0) < skip) at += 1;
  while (at < source.length) {
    encoding(source.bytes, at, source.length, token);
    const start = source.starts[at] ?? 0;
    if (token.taken === 0) return { bytes, length, starts, ends, open: start };
    const end = source.ends[at + token.taken - 1] ?? 0;
    for (let i = 0; i < token.length; i += 1) {
      bytes[length] = token.bytes[i] ?? 0;
      starts[length] = start;
      ends[length] = end;
      length += 1;
    }
    at += token.taken;
  }
  return { bytes, length, starts, ends, open: source.open };
}

/** How many bytes after `end` belong to what begins before it. */
export function overhang(view: View, end: number): number {
  let low = 0;
  let high = view.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((view.starts[middle] ?? 0) < end) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : Math.max(0, (view.ends[low - 1] ?? 0) - end);
}

function take(token: Token, taken: number, byte: number): void {
  token.taken = taken;
  token.length = 1;
  token.bytes[0] = byte;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The number in so many digits; -1: they aren't digits, NaN: the text ends before they do. */
function hexNumber(bytes: Uint8Array, from: number, count: number, length: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    if (at >= length) return Number.NaN;
    const digit = hexDigit(bytes[at]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function takeCharacter(token: Token, taken: number, code: number): void {
  const character = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  token.taken = taken;
  const { bytes } = token;
  if (character < 0x80) {
    take(token, taken, character);
  } else if (character < 0x800) {
    bytes[0] = 0xc0 | (character >> 6);
    bytes[1] = 0x80 | (character & 63);
    token.length = 2;
  } else if (character < 0x1_0000) {
    bytes[0] = 0xe0 | (character >> 12);
    bytes[1] = 0x80 | ((character >> 6) & 63);
    bytes[2] = 0x80 | (character & 63);
    token.length = 3;
  } else {
    bytes[0] = 0xf0 | (character >> 18);
    bytes[1] = 0x80 | ((character >> 12) & 63);
    bytes[2] = 0x80 | ((character >> 6) & 63);
    bytes[3] = 0x80 | (character & 63);
    token.length = 4;
  }
}

/** Line ends as a terminal writes them. */
export const lineEnds: Encoding = (bytes, at, length, token) => {
  const byte = bytes[at] ?? 0;
  if (byte !== CR) take(token, 1, byte);
  else if (at + 1 >= length) token.taken = 0;
  else if (bytes[at + 1] === LF) take(token, 2, LF);
  else take(token, 1, CR);
};

const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27 }).map(([letter, byte]) => [letter.charCodeAt(0), byte]),
);

function takeUtf16(bytes: Uint8Array, at: number, length: number, token: Token): boolean {
  const code = hexNumber(bytes, at + 2, 4, length);
  if (Number.isNaN(code)) token.taken = 0;
  else if (code < 0) return false;
  else if (code < 0xd800 || code > 0xdbff) takeCharacter(token, 6, code);
  else if (at + 6 >= length || (bytes[at + 6] === BACKSLASH && at + 7 >= length)) token.taken = 0;
  else {
    const low = bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75 ? hexNumber(bytes, at + 8, 4, length) : -1;
    if (Number.isNaN(low)) token.taken = 0;
    else if (low >= 0xdc00 && low <= 0xdfff) takeCharacter(token, 12, 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    else takeCharacter(token, 6, code);
  }
  return true;
}

function takeNumber(bytes: Uint8Array, at: number, count: number, length: number, token: Token): boolean {
  const code = hexNumber(bytes, at + 2, count, length);
  if (Number.isNaN(code)) token.taken = 0;
  else if (code < 0 || code > 0x10_ffff) return false;
  else if (count === 2) take(token, 4, code);
  else takeCharacter(token, 2 + count, code);
  return true;
}

function takeOctal(bytes: Uint8Array, at: number, length: number, token: Token): boolean {
  let value = 0;
  for (let i = 1; i <= 3; i += 1) {
    if (at + i >= length) {
      token.taken = 0;
      return true;
    }
    const digit = (bytes[at + i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return false;
    value = value * 8 + digit;
  }
  if (value > 255) return false;
  take(token, 4, value);
  return true;
}

/** With backslashes: as JSON and the languages near to it do, `\u0041`, `\x41`, `\101`, `\n`, and any mark after a backslash. */
export const backslashes: Encoding = (bytes, at, length, token) => {
  const byte = bytes[at] ?? 0;
  if (byte !== BACKSLASH) {
    take(token, 1, byte);
    return;
  }
  const next = bytes[at + 1] ?? 0;
  if (at + 1 >= length) token.taken = 0;
  else if (next === 0x75 && takeUtf16(bytes, at, length, token)) return;
  else if (next === 0x55 && takeNumber(bytes, at, 8, length, token)) return;
  else if (next === 0x78 && takeNumber(bytes, at, 2, length, token)) return;
  else if (next >= 0x30 && next <= 0x37 && takeOctal(bytes, at, length, token)) return;
  else {
    const short = SHORT_ESCAPES.get(next);
    const isMark = next >= SPACE && next < 0x7f && !/[0-9A-Za-z]/.test(String.fromCharCode(next));
    if (short !== undefined) take(token, 2, short);
    else if (isMark) take(token, 2, next);
    else take(token, 1, BACKSLASH);
  }
};

/** As URLs do it. */
export const percents: Encoding = (bytes, at, length, token) => {
  const byte = bytes[at] ?? 0;
  if (byte === PERCENT) {
    const code = hexNumber(bytes, at + 1, 2, length);
    if (Number.isNaN(code)) token.taken = 0;
    else if (code >= 0) take(token, 3, code);
    else take(token, 1, PERCENT);
  } else take(token, 1, byte);
};

/** As forms do it. */
export const percentsAndPlus: Encoding = (bytes, at, length, token) => {
  if (bytes[at] === PLUS) take(token, 1, SPACE);
  else percents(bytes, at, length, token);
};

const QUOTED_QUOTES = [`'\\''`, `'"'"'`].map((form) => Buffer.from(form));

/** As shells write a quote between single quotes. */
export const shellQuotes: Encoding = (bytes, at, length, token) => {
  const byte = bytes[at] ?? 0;
  take(token, 1, byte);
  if (byte !== QUOTE) return;
  for (const form of QUOTED_QUOTES) {
    let same = 1;
    while (same < form.length && at + same < length && bytes[at + same] === form[same]) same += 1;
    if (same === form.length) take(token, same, QUOTE);
    else if (at + same >= length) token.taken = 0;
  }
};

/** A text without the line ends that stand by themselves. */
export interface Unwrapped {
  readonly view: View;
  /** Of each place in the text the first later one where a line end was taken out. */
  readonly nextBreak: Uint32Array;
  readonly isBreak: Uint8Array;
}

/** Null: no line end stands by itself with something before it. */
export function unwrap(text: Uint8Array): Unwrapped | null {
  const last = text[text.length - 1];
  if (!text.includes(LF) && last !== CR) return null;
  const bytes = new Uint8Array(text.length);
  const starts = new Uint32Array(text.length);
  const ends = new Uint32Array(text.length);
  const nextBreak = new Uint32Array(text.length + 1);
  const isBreak = new Uint8Array(text.length);
  let length = 0;
  let unmarked = 0;
  for (let at = 0; at < text.length; ) {
    const size = breakAt(text, at);
    if (size > 0 && length > 0 && bytes[length - 1] !== LF && breakAt(text, at + size) === 0) {
      nextBreak.fill(at, unmarked, at);
      isBreak.fill(1, at, at + size);
      unmarked = at;
      at += size;
      continue;
    }
    bytes[length] = text[at] ?? 0;
    starts[length] = at;
    ends[length] = at + 1;
    length += 1;
    at += 1;
  }
  if (unmarked === 0) return null;
  nextBreak.fill(NEVER, unmarked);
  return { view: { bytes, length, starts, ends, open: NEVER }, nextBreak, isBreak };
}

/** How long the line end is that begins here; 0: none does. A carriage return at the text's end may be the half of one. */
function breakAt(text: Uint8Array, at: number): 0 | 1 | 2 {
  if (text[at] === LF) return 1;
  if (text[at] !== CR) return 0;
  if (text[at + 1] === LF) return 2;
  return at + 1 === text.length ? 1 : 0;
}
