/** One command of `slipway`. */
export interface Command {
  /** What follows `slipway`: `["keys", "rotate"]`. */
  readonly words: readonly [string, ...string[]];
  /** Options and arguments as the help shows them: `[--dry-run] FILE`; empty where there are none. */
  readonly usage: string;
  /** One line, a sentence without a full stop. */
  readonly summary: string;
  /** More for `--help`: a line each. */
  readonly details?: readonly string[];
  /** Runs it with what follows its words. @returns the status: 0 done, 1 failed. @throws UsageError for what can't be understood. */
  run(args: readonly string[]): Promise<number>;
}

/** The command line can't be understood: status 2, and how it should be. */
export class UsageError extends Error {}

/** What `parseArgs` of Node makes of the command line, its error as one of ours: `understood(() => parseArgs({ args: [...args], … }))`. */
export function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // Its errors name the option, and quote at most a word of the command line.
    throw new UsageError(error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : "the options can't be read");
  }
}

/** A line of what a command found or did. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
