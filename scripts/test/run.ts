/**
 * `npm test`, second half, as an ordinary user: runs every runner and closes with the line `N passed, N failed`.
 *
 *   run.ts [LANE [FILTER…]]     lanes: static, unit, integration, network, system
 *
 * What needs root, the network's tests, has been run by the first half before it came here, or hasn't.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { interrupted } from "#scripts/process/run.ts";
import { scratchDirectory } from "#scripts/up/scratch.ts";
import { countNetworkTests, earlierOutcomes } from "./outcomes.ts";
import type { Outcome, StepContext } from "./step.ts";
import { checkStep, reportOutcome, vitestStep } from "./step.ts";
import { stackSteps } from "./stack-step.ts";

const release = path.resolve(import.meta.dirname, "../..");
const scratch = scratchDirectory();
const context: StepContext = { release, scratch };
mkdirSync(path.join(scratch, "tmp"), { recursive: true });
process.env["TMPDIR"] = path.join(scratch, "tmp");
// Runners and browsers keep things of their own; what is built from Debian's packages is kept between runs, in the cache.
process.env["XDG_DATA_HOME"] = path.join(scratch, "data");
process.env["XDG_CONFIG_HOME"] = path.join(scratch, "config");

const [only, ...filters] = process.argv.slice(2);
const earlier = earlierOutcomes();
const outcomes: Outcome[] = earlier ?? [];

function report(...found: Outcome[]): void {
  for (const outcome of found) {
    outcomes.push(outcome);
    reportOutcome(outcome);
  }
}

function wants(lane: string): boolean {
  return only === undefined || only === lane;
}

async function staticLane(): Promise<void> {
  report(await checkStep(context, "types", "tsc", ["--noEmit", "--tsBuildInfoFile", path.join(context.scratch, "types.tsbuildinfo")]));
  report(await checkStep(context, "dependencies", "depcruise", ["--output-type", "err", ...sources()]));
  report(await checkStep(context, "lint", "eslint", ["."]));
}

async function codeLane(): Promise<void> {
  if (wants("unit")) report(await vitestStep(context, "unit", filters));
  if (wants("integration") && !interrupted.aborted) report(await vitestStep(context, "integration", filters));
}

function sources(): string[] {
  return ["app", "components", "lib", "agent", "server", "cli", "scripts", "helper", "bench", "e2e", "prisma.config.ts", "next.config.ts", "vitest.config.ts", "eslint.config.js", "postcss.config.mjs"];
}

// Two processors: what reads the code beside what runs it, then the stack alone, whose times are looked at.
await Promise.all([wants("static") ? staticLane() : undefined, codeLane()]);
if (wants("system") && !interrupted.aborted) report(...(await stackSteps(context, filters, (line) => process.stdout.write(`${line}\n`))));

const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
for (const outcome of outcomes) {
  if (outcome.failed > 0) process.stdout.write(`failed: ${outcome.title}\n`);
}
const left = earlier === null && wants("network") ? `; network tests need root: ${countNetworkTests(release)} files not run` : "";
process.stdout.write(`${passed} passed, ${failed} failed${left}\n`);
process.exitCode = failed === 0 && passed > 0 && !interrupted.aborted ? 0 : 1;
