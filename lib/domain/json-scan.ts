/** A large JSON document from outside, as bytes, before it is parsed: what JSON.parse would make of it may be many times its size. */

export interface JsonScanLimits {
  /** Objects and lists in one another. */
  readonly depth: number;
  /** Objects and lists in all: each is an allocation of its own. */
  readonly containers: number;
  /** Members and items in all. */
  readonly nodes: number;
  /** Members of one object. */
  readonly keys: number;
}

export interface JsonScanProblem {
  readonly problem: "syntax" | "depth" | "containers" | "nodes" | "keys" | "duplicate";
  /** The names that lead to the object in which it is, from the outside; a list's part is its number. */
  readonly path: readonly (string | number)[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;

interface OpenObject {
  /** Of the keys so far; null: a list. */
  readonly keys: Set<string> | null;
  /** The key or number of the part that is being read. */
  part: string | number;
}

/**
 * One pass that looks at strings and brackets only. Holds the keys of the objects that are open, and nothing of those that are
 * closed. Bytes that aren't JSON may pass: JSON.parse refuses them afterwards.
 */
export function scanJson(bytes: Buffer, limits: JsonScanLimits): JsonScanProblem | null {
  const open: OpenObject[] = [];
  const found = (problem: JsonScanProblem["problem"]): JsonScanProblem => ({ problem, path: open.map(({ part }) => part) });
  let [nodes, containers] = [0, 0];
  let [start, end] = [-1, -1];
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at];
    if (code === QUOTE) {
      start = at;
      end = endOfString(bytes, at);
      if (end === -1) return found("syntax");
      at = end;
    } else if (code === COLON) {
      const top = open.at(-1);
      const key = start === -1 ? null : readKey(bytes, start, end);
      if (key === null || top === undefined || top.keys === null) return found("syntax");
      top.part = key;
      if (top.keys.has(key)) return found("duplicate");
      if (top.keys.size >= limits.keys) return found("keys");
      top.keys.add(key);
      start = -1;
    } else if (code === 0x7b || code === 0x5b) {
      containers += 1;
      if (containers > limits.containers) return found("containers");
      if (open.length >= limits.depth) return found("depth");
      open.push(code === 0x7b ? { keys: new Set(), part: "" } : { keys: null, part: 0 });
    } else if (code === 0x7d || code === 0x5d) {
      if (open.pop() === undefined) return found("syntax");
    } else if (code === COMMA) {
      nodes += 1;
      if (nodes > limits.nodes) return found("nodes");
      const top = open.at(-1);
      if (typeof top?.part === "number") top.part += 1;
    }
  }
  return null;
}

/** Index of the quote that ends the string that begins at `start`; -1: none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const code = bytes[at];
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return -1;
}

/** Two spellings of one key (`a` and `\u0061`) are the same key. Null: it is none. */
function readKey(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString("utf8", start + 1, end);
  if (!text.includes("\\")) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return null;
  }
}
