import type { Writable } from "node:stream";
import type { Logger as PinoLogger } from "pino";
import { pino } from "pino";
import type { Config } from "#lib/config/config.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { isSealed, REDACTED } from "#lib/domain/visibility.ts";

export type Logger = PinoLogger;

/** What a log line may say of an error: never its properties, which can hold what a statement or a request was made of. */
export interface LoggedError {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly stack: readonly string[];
  readonly cause: LoggedError | null;
}

/**
 * Errors whose messages are sentences of their thrower. Those of others (the database's, a parser's) quote what they were
 * given, so only their name and code are kept.
 */
const OWN_SENTENCES: ReadonlySet<string> = new Set(["Error", "AbortError", "TimeoutError", "AssertionError"]);
/** These say what is wrong with the program, unless they carry a code: then they quote an argument. */
const PROGRAM_ERRORS: ReadonlySet<string> = new Set(["TypeError", "ReferenceError"]);
const CAUSES = 4;

/** The fields of an error that are chosen for the log (house style: logs choose fields instead of dropping some). */
export function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, code: null, message: REDACTED, stack: [], cause: null };
  const code = "code" in error && (typeof error.code === "string" || typeof error.code === "number") ? String(error.code) : null;
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    code,
    message: mayShowMessage(error, code) ? error.message : REDACTED,
    stack: lines.slice(0, 12).map((line) => line.trim()),
    cause: error.cause === undefined || depth >= CAUSES ? null : describeError(error.cause, depth + 1),
  };
}

function mayShowMessage(error: Error, code: string | null): boolean {
  if (isSlipwayError(error) || OWN_SENTENCES.has(error.name)) return true;
  return code === null && PROGRAM_ERRORS.has(error.name);
}

export interface LoggerOptions {
  readonly level: Config["logLevel"];
  /** Where lines go; standard output unless given. */
  readonly destination?: Writable;
}

/** A logger that writes JSON lines. Sealed values print as `<redacted>` because they serialise so. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError, err: describeError },
    hooks: {
      // A bare error as first argument would be logged with all its properties.
      logMethod(this: Logger, args: Parameters<Logger["info"]>, method: Logger["info"]) {
        const [first, ...rest] = args;
        // pino's own tuple type doesn't survive the spread; the arguments are the same ones, in the same order.
        const chosen: unknown = first instanceof Error ? { error: first } : isSealed(first) ? REDACTED : first;
        Reflect.apply(method, this, [chosen, ...rest]);
      },
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
