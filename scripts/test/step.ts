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
export async function vitestStep(context: StepContext, project: string, filters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const file = path.join(context.scratch, `vitest-${project}.json`);
  rmSync(file, { force: true });
  // native: the loader of its own would write a file into node_modules, which may belong to somebody else.
  const args = ["run", "--configLoader=native", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, "--passWithNoTests", ...filters];
  const { result, output, seconds } = await runStep(context, "vitest", args, environment);
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

async function runStep(context: StepContext, program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const started = performance.now();
  const lines: string[] = [];
  let result: number;
  try {
    const done = await run(path.join(context.release, "node_modules/.bin", program), args, {
      cwd: context.release,
      environment: { ...process.env, ...environment },
      timeoutMs: STEP_MS,
      onLine: (line) => lines.push(line),
    });
    result = done.code;
  } catch (error) {
    result = 1;
    lines.push(String(error));
  }
  return { result, output: lines.join("\n"), seconds: (performance.now() - started) / 1_000 };
}
