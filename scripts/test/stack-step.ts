import path from "node:path";
import type { RunResult } from "#scripts/process/run.ts";
import { scratchStack } from "./scratch-stack.ts";
import type { Outcome, StepContext } from "./step.ts";
import { vitestStep } from "./step.ts";

/** The real thing: `up` in a scratch home with its sample install, the system's tests against it, `down`. */
export async function stackSteps(context: StepContext, filters: readonly string[], say: (line: string) => void): Promise<Outcome[]> {
  const stack = await scratchStack(context.release, path.join(context.scratch, "home"));
  const outcomes: Outcome[] = [];
  try {
    const up = await commandStep("up, with an install", (onLine) => stack.up(onLine), say);
    outcomes.push(up);
    // Without a stack every test of it would fail for the same reason.
    if (up.failed === 0) outcomes.push(await vitestStep(context, "system", filters, { environment: { SLIPWAY_TEST_STACK: stack.upFile } }));
  } finally {
    outcomes.push(await commandStep("down", (onLine) => stack.down(onLine), say));
  }
  return outcomes;
}

/** A command that says what it does: one test. */
async function commandStep(title: string, command: (onLine: (line: string) => void) => Promise<RunResult>, say: (line: string) => void): Promise<Outcome> {
  const started = performance.now();
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
    say(line);
  };
  const isWell = await command(onLine).then(
    ({ code }) => code === 0,
    (error: unknown) => {
      lines.push(String(error));
      return false;
    },
  );
  return { title, passed: isWell ? 1 : 0, failed: isWell ? 0 : 1, seconds: (performance.now() - started) / 1_000, output: lines.join("\n") };
}
