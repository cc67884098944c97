/** Something that a person has to do first. Shown without a stack. */
export class Refusal extends Error {}

/** One thing that is being done, as a line on standard error. */
export function say(message: string): void {
  process.stderr.write(`slipway: ${message}\n`);
}

/** Runs a command's main function; an error of its own making is shown as a sentence. Its status is the process's. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const text = error instanceof Refusal || !(error instanceof Error) ? String(error instanceof Error ? error.message : error) : (error.stack ?? error.message);
    say(text);
    process.exitCode = 1;
  }
}
