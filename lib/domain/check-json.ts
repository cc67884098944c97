/** JSON from outside, before it is parsed: JSON.parse limits neither depth nor parts, and of two equal keys it takes the last. */

export interface JsonLimits {
  /** Objects and lists in one another. */
  readonly depth: number;
  /** Members and items in all. */
  readonly nodes: number;
}

export type JsonProblem = "syntax" | "depth" | "nodes" | "duplicate" | "key";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * One pass over a text that looks at strings and brackets only: its depth, its parts, and that no key is twice in one object,
 * since of two values nobody could say which one was checked and which one is used. A text that isn't JSON may pass:
 * JSON.parse refuses it afterwards.
 */
export function findJsonProblem(text: string, limits: JsonLimits): JsonProblem | null {
  // For each open object the keys seen; null for a list.
  const open: (Set<string> | null)[] = [];
  let nodes = 0;
  let lastString: { start: number; end: number } | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end === null) return "syntax";
      lastString = { start: at, end };
      at = end;
    } else if (code === COLON) {
      const keys = open.at(-1);
      if (lastString === null || keys === null || keys === undefined) return "syntax";
      const problem = addKey(keys, text.slice(lastString.start, lastString.end + 1));
      if (problem !== null) return problem;
      lastString = null;
    } else if (code === 0x7b || code === 0x5b) {
      open.push(code === 0x7b ? new Set() : null);
      if (open.length > limits.depth) return "depth";
      nodes += 1;
    } else if (code === 0x7d || code === 0x5d) {
      if (open.pop() === undefined) return "syntax";
    } else if (code === COMMA) {
      nodes += 1;
    }
    if (nodes > limits.nodes) return "nodes";
  }
  return null;
}

/** Index of the quote that ends the string that begins at `start`. */
function endOfString(text: string, start: number): number | null {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return null;
}

function addKey(keys: Set<string>, quoted: string): JsonProblem | null {
  const key = readString(quoted);
  if (key === null) return "syntax";
  if (key === "__proto__") return "key";
  if (keys.has(key)) return "duplicate";
  keys.add(key);
  return null;
}

/** Two spellings of one key (`a` and `\u0061`) are the same key. */
function readString(quoted: string): string | null {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}
