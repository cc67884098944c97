import { runInNewContext } from "node:vm";

/**
 * Milliseconds for one match. Patterns come with OS definitions, whose authors aren't trusted: one that backtracks without
 * end must not hold the process.
 */
const MATCH_MILLISECONDS = 50;

/** Whether a pattern is an ECMAScript regular expression at all. */
export function isPattern(pattern: string): boolean {
  try {
    return new RegExp(wholeValue(pattern), "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** Whether the whole value matches; `too_slow` where the pattern found no answer in time, which counts against the value. */
export function matchPattern(pattern: string, value: string): "matches" | "differs" | "too_slow" {
  try {
    const found: unknown = runInNewContext("new RegExp(pattern, 'u').test(value)", { pattern: wholeValue(pattern), value }, { timeout: MATCH_MILLISECONDS });
    return found === true ? "matches" : "differs";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "too_slow";
    return "differs";
  }
}

function wholeValue(pattern: string): string {
  return `^(?:${pattern})$`;
}
