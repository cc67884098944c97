import { createContext, runInContext } from "node:vm";

/**
 * Milliseconds for one match, and for all matches of one request together: of the processor's time, or a busy machine would refuse what
 * is right. Patterns come with OS definitions, whose authors aren't trusted: one that backtracks without end, or a hundred of them, must
 * not hold the process.
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
    try {
      const limit = Math.min(MATCH_MILLISECONDS, left);
      const began = processorMilliseconds();
      for (;;) {
        const found = test(context, Math.ceil(limit));
        const used = processorMilliseconds() - began;
        if (found === "too_slow" && used < limit) continue;
        left -= used;
        return found;
      }
    } finally {
      Object.assign(context, { pattern: "", value: "" });
    }
  };
}

/** One try, which may last so many milliseconds by the clock. */
function test(context: object, timeout: number): ReturnType<MatchPattern> {
  try {
    const found: unknown = runInContext("new RegExp(pattern, 'u').test(value)", context, { timeout });
    return found === true ? "matches" : "differs";
  } catch (error) {
    // The context has an Error of its own.
    return typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? "too_slow" : "differs";
  }
}

/** That this thread has had. */
function processorMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function emptyContext(): { pattern: string; value: string } {
  const sandbox = { pattern: "", value: "" };
  createContext(sandbox);
  return sandbox;
}

function wholeValue(pattern: string): string {
  return `^(?:${pattern})$`;
}
