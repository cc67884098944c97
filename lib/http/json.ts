import { findJsonProblem } from "#lib/domain/check-json.ts";
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
  const problem = findJsonProblem(text, { depth: REQUEST_LIMITS.jsonDepth, nodes: REQUEST_LIMITS.jsonNodes });
  if (problem !== null) throw invalid(problem);
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
