import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { run } from "#scripts/process/run.ts";

/** What one runner found. */
export interface Outcome {
  readonly title: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Shown where something failed. */
  readonly output: string;
}

export interface StepContext {
  /** What the tests run from. */
  readonly release: string;
  /** Removed at the end. */
  readonly scratch: string;
}

const STEP_MS = 1_200_000;

/** How a runner is started. */
export interface StepOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** The command that runs it; left out: none but the runner itself. */
  readonly within?: readonly string[];
  readonly timeoutMs?: number;
}

/** One line for a person, and before it what was said where something failed. */
export function reportOutcome({ title, passed, failed, seconds, output }: Outcome): void {
  if (failed > 0) process.stdout.write(`\n${output}\n\n`);
  process.stdout.write(`${failed > 0 ? "FAILED" : "ok"}  ${title}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)\n`);
}

/** A program whose status says whether all is well: one test. */
export async function checkStep(context: StepContext, title: string, program: string, args: readonly string[]): Promise<Outcome> {
  const { result, output, seconds } = await runStep(context, program, args);
  return { title, passed: result === 0 ? 1 : 0, failed: result === 0 ? 0 : 1, seconds, output };
}

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

/** A project of vitest.config.ts. A file that can't even be loaded counts as a test that failed. */
export async function vitestStep(context: StepContext, project: string, filters: readonly string[], options: StepOptions = {}): Promise<Outcome> {
  const file = path.join(context.scratch, `vitest-${project}.json`);
  rmSync(file, { force: true });
  // native: the loader of its own would write a file into node_modules, which may belong to somebody else.
  const args = ["run", "--configLoader=native", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, "--passWithNoTests", ...filters];
  const { result, output, seconds } = await runStep(context, "vitest", args, options);
  const report = readReport(file);
  const unloaded = report?.testResults.filter((one) => one.status === "failed" && !one.assertionResults.some((test) => test.status === "failed")).length ?? 0;
  const failed = (report?.numFailedTests ?? 0) + unloaded;
  // Also an error outside of every test, and a runner that broke, are failures.
  return { title: project, passed: report?.numPassedTests ?? 0, failed: failed === 0 && result !== 0 ? 1 : failed, seconds, output };
}

function readReport(file: string): z.infer<typeof reportSchema> | null {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // The runner broke before it wrote one; its status and output say so.
    return null;
  }
}

async function runStep(context: StepContext, program: string, args: readonly string[], options: StepOptions = {}) {
  const started = performance.now();
  const lines: string[] = [];
  let result: number;
  try {
    const runner = path.join(context.release, "node_modules/.bin", program);
    const [command = runner, ...rest] = [...(options.within ?? []), runner, ...args];
    const done = await run(command, rest, {
      cwd: context.release,
      environment: { ...process.env, ...options.environment },
      timeoutMs: options.timeoutMs ?? STEP_MS,
      onLine: (line) => lines.push(line),
    });
    result = done.code;
  } catch (error) {
    result = 1;
    lines.push(String(error));
  }
  return { result, output: lines.join("\n"), seconds: (performance.now() - started) / 1_000 };
}
