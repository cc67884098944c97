export interface TrimmedTexts {
  readonly before: string;
  readonly after: string;
  /** Lines of both that were cut off at the beginning. */
  readonly skipped: number;
}

/** Cuts off the lines that two texts have in common at both ends, but for so many beside what differs. In one pass over each. */
export function trimCommon(before: string, after: string, context: number): TrimmedTexts {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before.charCodeAt(head) === after.charCodeAt(head)) head += 1;
  let tail = 0;
  while (tail < shortest - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail += 1;
  const start = lineBefore(before, head, context);
  const cut = tail - (lineAfter(before, before.length - tail, context) - (before.length - tail));
  return { before: before.slice(start, before.length - cut), after: after.slice(start, after.length - cut), skipped: countLines(before, start) };
}

/** Where the line begins that stands so many before the one at `at`. */
function lineBefore(text: string, at: number, lines: number): number {
  let start = at;
  for (let n = 0; n <= lines; n += 1) {
    // The end of line right before `start` is that of the line before.
    start = start === 0 ? 0 : text.lastIndexOf("\n", n === 0 ? start - 1 : start - 2) + 1;
    if (start < 2) return 0;
  }
  return start;
}

/** Where the line begins that stands so many after the one at `at`; the text's end where there are fewer. */
function lineAfter(text: string, at: number, lines: number): number {
  let end = at;
  for (let n = 0; n <= lines; n += 1) {
    const next = text.indexOf("\n", end);
    if (next === -1) return text.length;
    end = next + 1;
  }
  return end;
}

/** Ends of line before `end`. */
export function countLines(text: string, end = text.length): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
