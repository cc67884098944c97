import { SHORTEST_SCRUBBED } from "./parameters.ts";

/**
 * Longer values are looked for in pieces of this many bytes: no pattern is longer, so the scrubber never holds back more than
 * the longest encoding of one, and a part of a long value is replaced too.
 */
export const PIECE_BYTES = 24;
/** How far a piece of a value begins after the one before. */
const STRIDE = PIECE_BYTES / 2;
/**
 * A pattern is also looked for where a line ends in the middle of it, as programs wrap base64 and hex at any column; but only
 * after so many bytes of the text, because whatever could be its beginning is held back until the next line comes. Where the
 * line ends earlier in a pattern, the one that begins so many bytes later is found: each piece is there from its first bytes on.
 */
export const LEAST_BEFORE_BREAK = 4;

const LF = 10;
const LENGTH_BITS = 5;

/** Where a pattern lies among the values' bytes, in one number: its place and its length (6 to 24). Never 0. */
export function packPiece(offset: number, length: number): number {
  return (offset << LENGTH_BITS) | length;
}

export function pieceOffset(piece: number): number {
  return piece >>> LENGTH_BITS;
}

export function pieceLength(piece: number): number {
  return piece & ((1 << LENGTH_BITS) - 1);
}

/** A value's bytes as the streams are compared with: a line end is one line feed. */
export function valueText(value: string): string {
  return value.replaceAll("\r\n", "\n");
}

/** Whether no line ends in a piece's first bytes: otherwise the end of every such line would be held back as its beginning. */
function isCalm(bytes: Uint8Array, at: number, to: number): boolean {
  for (let i = at; i < Math.min(to, at + LEAST_BEFORE_BREAK); i += 1) if (bytes[i] === LF) return false;
  return true;
}

function* piecesOf(bytes: Uint8Array, from: number, to: number): Generator<number, void, void> {
  const length = Math.min(PIECE_BYTES, to - from);
  const last = to - length;
  for (let at = from; at <= last; at = at < last ? Math.min(at + STRIDE, last) : last + 1) {
    let start = at;
    // A piece within a value may begin later: the one before reaches as far.
    if (at > from) while (start < at + STRIDE && start < last && !isCalm(bytes, start, to)) start += 1;
    if (!isCalm(bytes, start, to)) start = at;
    for (let shift = 0; shift < LEAST_BEFORE_BREAK; shift += 1) {
      const rest = Math.min(length, to - start - shift);
      if (rest < SHORTEST_SCRUBBED) break;
      if (shift === 0 || isCalm(bytes, start + shift, to)) yield packPiece(start + shift, rest);
    }
  }
}

/**
 * The pieces of one value, whose text is `text` and whose bytes lie at `offset`: of the whole, of it without the blanks around
 * it, and of each of its lines, because programs print line by line. What is shorter than SHORTEST_SCRUBBED has none.
 */
export function* valuePieces(text: string, bytes: Uint8Array, offset: number): Generator<number, void, void> {
  if (text.length < SHORTEST_SCRUBBED) return;
  const end = offset + Buffer.byteLength(text, "utf8");
  yield* piecesOf(bytes, offset, end);
  yield* trimmedPieces(text, bytes, offset, end - offset);
  if (!text.includes("\n")) return;
  let at = offset;
  for (const line of text.split("\n")) {
    yield* trimmedPieces(line, bytes, at, Number.NaN);
    at += Buffer.byteLength(line, "utf8") + 1;
  }
}

/** Where the whole has `wholeLength` bytes, pieces that are among the whole's already aren't told again. */
function* trimmedPieces(text: string, bytes: Uint8Array, offset: number, wholeLength: number): Generator<number, void, void> {
  const trimmed = text.trim();
  if (trimmed.length < SHORTEST_SCRUBBED || (!Number.isNaN(wholeLength) && trimmed.length === text.length)) return;
  const from = offset + Buffer.byteLength(text.slice(0, text.length - text.trimStart().length), "utf8");
  yield* piecesOf(bytes, from, from + Buffer.byteLength(trimmed, "utf8"));
}
