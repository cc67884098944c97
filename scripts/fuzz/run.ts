/**
 * One process of `npm run fuzz`: runs a target's cases until its time is up or one fails.
 *
 *   node scripts/fuzz/run.ts TARGET SEED SECONDS FILE
 *
 * FILE always holds the number of the case that is running, for whoever finds this process hanging or gone. Says how it went as
 * a line of JSON (messages.ts).
 */
import { openSync, writeSync } from "node:fs";
import { resultSchema } from "./messages.ts";
import { makeCase, runCase } from "./target.ts";
import { findTarget } from "./targets.ts";

const [name = "", seedText = "", secondsText = "", file = ""] = process.argv.slice(2);
const target = findTarget(name);
const seed = Number(seedText);
const end = performance.now() + Number(secondsText) * 1_000;
const place = openSync(file, "w");
const outcomes = new Set<string>();
const number = Buffer.alloc(8);
let executions = 0;
let slowestMs = 0;
let problem: string | null = null;
while (problem === null && performance.now() < end) {
  number.writeBigUInt64LE(BigInt(executions));
  writeSync(place, number, 0, number.length, 0);
  const bytes = makeCase(target, seed, executions);
  const began = performance.now();
  const result = await runCase(target, bytes);
  slowestMs = Math.max(slowestMs, Math.round(performance.now() - began));
  if (result.ok) outcomes.add(result.outcome);
  else problem = result.problem;
  executions += 1;
}
process.stdout.write(`${JSON.stringify(resultSchema.parse({ executions, outcomes: outcomes.size, slowestMs, problem }))}\n`);
