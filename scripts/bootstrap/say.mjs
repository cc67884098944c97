/** Says one thing that is being done, on standard error: standard output belongs to the command itself. */
export function say(message) {
  process.stderr.write(`slipway: ${message}\n`);
}

/** Something that a person has to do first. Shown without a stack. */
export class Refusal extends Error {}
