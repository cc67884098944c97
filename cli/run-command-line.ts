import { isSlipwayError } from "#lib/domain/errors.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";
import { databaseSilence } from "./database-silence.ts";
import { stepDown } from "./step-down.ts";

/** Finds the command, runs it, and turns every error into one line. @returns the status of the process. */
export async function runCommandLine(commands: readonly Command[], args: readonly string[]): Promise<number> {
  if (args.length === 0) {
    process.stderr.write(overview(commands));
    return 2;
  }
  try {
    const command = findCommand(commands, args);
    if (command === null) {
      process.stdout.write(overview(commands));
      return 0;
    }
    const rest = args.slice(command.words.length);
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(help(command));
      return 0;
    }
    return (await stepDown(args)) ?? (await command.run(rest));
  } catch (error) {
    process.stderr.write(`slipway: ${oneLine(error)}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write("slipway --help lists the commands\n");
    return 2;
  }
}

/** Null: help is asked for. */
function findCommand(commands: readonly Command[], args: readonly string[]): Command | null {
  const first = args[0];
  if (first === "--help" || first === "-h" || first === "help") return null;
  const found = commands.find(({ words }) => words.every((word, index) => args[index] === word));
  if (found !== undefined) return found;
  const others = commands.filter(({ words }) => words[0] === first && words.length > 1).map(({ words }) => words.join(" "));
  throw new UsageError(others.length > 0 ? `there is ${others.join(", ")}` : "there is no such command");
}

function overview(commands: readonly Command[]): string {
  const names = commands.map(({ words }) => words.join(" "));
  const width = Math.max(...names.map((name) => name.length));
  const lines = commands.map(({ summary }, index) => `  ${(names[index] ?? "").padEnd(width)}  ${summary}`);
  return `slipway COMMAND [OPTION…]\n\n${lines.join("\n")}\n\nslipway COMMAND --help says more of one.\n`;
}

function help({ words, usage, summary, details = [] }: Command): string {
  const more = details.length > 0 ? `\n${details.map((line) => `  ${line}`).join("\n")}\n` : "";
  return `slipway ${[...words, ...(usage === "" ? [] : [usage])].join(" ")}\n\n  ${summary}\n${more}`;
}

/** The message of an error whose sentences are ours or Node's own; without its stack. */
function oneLine(error: unknown): string {
  if (isSlipwayError(error) || error instanceof UsageError) return error.message;
  if (!(error instanceof Error)) return "the command failed";
  const silence = databaseSilence(error);
  if (silence !== null) return silence;
  // The database's and the parsers' errors quote what they were given: their kind has to do.
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return error.name === "Error" ? (error.message.split("\n")[0] ?? error.name) : `the command failed: ${error.name}${code}`;
}
