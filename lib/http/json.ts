import { SlipwayError } from "#lib/domain/errors.ts";
import { REQUEST_LIMITS } from "./limits.ts";

const WHAT_IS_WRONG = {
  encoding: "The body is not valid UTF-8",
  syntax: "The body is not valid JSON",
  depth: "The body is nested too deeply",
  nodes: "The body has too many parts",
  duplicate: "The body has an object with the same key twice",
  key: "The body has a key that can't be used",
} as const;

/**
 * Parses the body of a request. Stricter than JSON.parse: limited in depth and in parts, and no key twice in one object,
 * since of two values nobody could say which one was checked and which one is used.
 *
 * @throws SlipwayError `invalid`. It names no part of the body and has no cause: a syntax error of JSON.parse quotes the text
 * around it, and that may be somebody's password.
 */
export function parseJsonBody(body: Uint8Array): unknown {
  const text = decode(body);
  checkStructure(text);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw invalid("syntax");
  }
}

function invalid(what: keyof typeof WHAT_IS_WRONG): SlipwayError {
  return new SlipwayError("invalid", WHAT_IS_WRONG[what]);
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw invalid("encoding");
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * One pass over the text, before it is parsed, that looks at strings and brackets only. A text that isn't JSON may pass:
 * JSON.parse refuses it afterwards.
 */
function checkStructure(text: string): void {
  // For each open object the keys seen; null for a list.
  const open: (Set<string> | null)[] = [];
  let nodes = 0;
  let lastString: { start: number; end: number } | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      lastString = { start: at, end };
      at = end;
    } else if (code === COLON) {
      const keys = open.at(-1);
      if (lastString === null || keys === null || keys === undefined) throw invalid("syntax");
      addKey(keys, text.slice(lastString.start, lastString.end + 1));
      lastString = null;
    } else if (code === 0x7b || code === 0x5b) {
      open.push(code === 0x7b ? new Set() : null);
      if (open.length > REQUEST_LIMITS.jsonDepth) throw invalid("depth");
      nodes += 1;
    } else if (code === 0x7d || code === 0x5d) {
      if (open.pop() === undefined) throw invalid("syntax");
    } else if (code === COMMA) {
      nodes += 1;
    }
    if (nodes > REQUEST_LIMITS.jsonNodes) throw invalid("nodes");
  }
}

/** Index of the quote that ends the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  throw invalid("syntax");
}

function addKey(keys: Set<string>, quoted: string): void {
  const key = readString(quoted);
  if (key === "__proto__") throw invalid("key");
  if (keys.has(key)) throw invalid("duplicate");
  keys.add(key);
}

/** Two spellings of one key (`a` and `\u0061`) are the same key. */
function readString(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw invalid("syntax");
  }
}
