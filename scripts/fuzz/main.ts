/**
 * `npm run fuzz -- [TARGET…] [--seconds N] [--seed N] [--replay FILE]`: gives what reads OS definitions and parameters from outside
 * whatever it may get, each target for so many seconds. Ends with 1 and a file to replay where something isn't read or refused with
 * a reason, takes too long, or takes too much memory.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Refusal, runCommand } from "#scripts/up/terminal.ts";
import { makeCase, runCase } from "./target.ts";
import type { FuzzTarget } from "./target.ts";
import { findTarget, TARGETS } from "./targets.ts";
import { watchRun } from "./watch-run.ts";

const FAILURES = path.resolve(import.meta.dirname, "../../test-results/fuzz");
const OPTIONS = { seconds: { type: "string", default: "60" }, seed: { type: "string" }, replay: { type: "string" } } as const;

await runCommand(async () => {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const targets = positionals.length === 0 ? TARGETS : positionals.map(findTarget);
  if (values.replay !== undefined) {
    await replay(targets, values.replay);
    return;
  }
  const seconds = readNumber("--seconds", values.seconds, 86_400);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : readNumber("--seed", values.seed, 2 ** 31);
  for (const target of targets) await fuzz(target, seed, seconds);
});

async function fuzz(target: FuzzTarget, seed: number, seconds: number): Promise<void> {
  const { executions, outcomes, slowestMs, peakRssMib, problem, failedCase } = await watchRun(target.name, seed, seconds);
  tell(`${target.name}: seed ${seed}, ${executions} executions, ${outcomes} distinct outcomes, slowest ${slowestMs} ms, at most ${peakRssMib} MiB`);
  if (failedCase === null) return;
  const file = path.join(FAILURES, `${target.name}-${seed}-${failedCase}`);
  await mkdir(FAILURES, { recursive: true });
  await writeFile(file, makeCase(target, seed, failedCase));
  tell(`${target.name}: case ${failedCase} failed: ${problem ?? ""}\nagain: npm run fuzz -- ${target.name} --replay ${path.relative(process.cwd(), file)}`);
  process.exitCode = 1;
}

async function replay([target, ...others]: readonly FuzzTarget[], file: string): Promise<void> {
  if (target === undefined || others.length > 0) throw new Refusal("--replay needs the one target that the file is for");
  const result = await runCase(target, await readFile(file));
  tell(result.ok ? result.outcome : result.problem);
  process.exitCode = result.ok ? 0 : 1;
}

function readNumber(option: string, text: string, largest: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > largest) throw new Refusal(`${option} must be a number from 1 to ${largest}`);
  return number;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
