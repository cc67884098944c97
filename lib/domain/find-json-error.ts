/** Where a text stops being JSON. JSON.parse refuses it, but says so with a part of the text, and not always where. */

const WHITE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

type Expected = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

/** Line and column, both from 1, of the first character that can't be where it is, or of the end where something is missing; null: it is JSON. */
export function findJsonError(text: string): { readonly line: number; readonly column: number } | null {
  const at = errorOffset(text);
  if (at === null) return null;
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
}

function errorOffset(text: string): number | null {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = skip(WHITE, text, 0);
  while (at < text.length) {
    const sign = text.charAt(at);
    const isClosing = (sign === "}" && open.at(-1) === "{") || (sign === "]" && open.at(-1) === "[");
    if (isClosing && (expected === "key or end" || expected === "value or end" || expected === "comma or end")) {
      open.pop();
      expected = after(open);
      at += 1;
    } else if (expected === "colon") {
      if (sign !== ":") return at;
      expected = "value";
      at += 1;
    } else if (expected === "comma or end") {
      if (sign !== ",") return at;
      expected = open.at(-1) === "{" ? "key" : "value";
      at += 1;
    } else if (expected === "key" || expected === "key or end") {
      const end = sign === '"' ? stringEnd(text, at) : { error: at };
      if (typeof end !== "number") return end.error;
      expected = "colon";
      at = end;
    } else if (expected === "nothing") {
      return at;
    } else if (sign === "{" || sign === "[") {
      open.push(sign);
      expected = sign === "{" ? "key or end" : "value or end";
      at += 1;
    } else {
      const end = sign === '"' ? stringEnd(text, at) : Math.max(skip(NUMBER, text, at), skip(WORD, text, at));
      if (typeof end !== "number") return end.error;
      if (end === at) return at;
      expected = after(open);
      at = end;
    }
    at = skip(WHITE, text, at);
  }
  return expected === "nothing" ? null : text.length;
}

function after(open: readonly string[]): Expected {
  return open.length === 0 ? "nothing" : "comma or end";
}

/** Where a sticky pattern's match ends; `at` where it doesn't match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The place behind the string that begins at `start`, or what in it can't be. */
function stringEnd(text: string, start: number): number | { readonly error: number } {
  let at = start + 1;
  while (at < text.length) {
    const sign = text.charAt(at);
    if (sign === '"') return at + 1;
    const next = sign === "\\" ? skip(ESCAPE, text, at) : sign < " " ? at : at + 1;
    if (next === at) return { error: at };
    at = next;
  }
  return { error: text.length };
}
