import { createContext, runInContext } from "node:vm";

/**
 * Milliseconds for one match, and for all matches of one request together. Patterns come with OS definitions, whose authors
 * aren't trusted: one that backtracks without end, or a hundred of them, must not hold the process.
 */
const MATCH_MILLISECONDS = 50;
const TOTAL_MILLISECONDS = 200;

/** Whether a pattern is an ECMAScript regular expression at all: by itself, and as it is used. */
export function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp && new RegExp(wholeValue(pattern), "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** Whether the whole value matches; `too_slow` where the pattern found no answer in time, which counts against the value. */
export type MatchPattern = (pattern: string, value: string) => "matches" | "differs" | "too_slow";

/** For the matches of one request or definition. */
export function patternMatcher(): MatchPattern {
  // Made when it is first needed: most definitions have no pattern.
  let context: { pattern: string; value: string } | null = null;
  let left = TOTAL_MILLISECONDS;
  return (pattern, value) => {
    if (left <= 0) return "too_slow";
    context ??= emptyContext();
    Object.assign(context, { pattern: wholeValue(pattern), value });
    const began = performance.now();
    try {
      const found: unknown = runInContext("new RegExp(pattern, 'u').test(value)", context, { timeout: Math.ceil(Math.min(MATCH_MILLISECONDS, left)) });
      return found === true ? "matches" : "differs";
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "too_slow";
      return "differs";
    } finally {
      left -= performance.now() - began;
      Object.assign(context, { pattern: "", value: "" });
    }
  };
}

function emptyContext(): { pattern: string; value: string } {
  const sandbox = { pattern: "", value: "" };
  createContext(sandbox);
  return sandbox;
}

function wholeValue(pattern: string): string {
  return `^(?:${pattern})$`;
}
