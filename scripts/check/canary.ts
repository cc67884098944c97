/** Design: "Parameters: public, private, secret", "How it is proven", in its long form: on a stack of its own, with everything that can go wrong. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ledger } from "#scripts/canary/ledger.ts";
import { startSampler, type ProcessSamples } from "#scripts/canary/sample-processes.ts";
import type { Find } from "#scripts/canary/scan.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { scratchStack, type ScratchStack } from "#scripts/test/scratch-stack.ts";
import { preparedEnvironment } from "#scripts/up/prepare.ts";
import { say } from "#scripts/up/terminal.ts";
import { CONTROLS, Controls, missedControls } from "../../e2e/canary/controls.ts";
import { playOn, type Rig } from "../../e2e/canary/long-steps.ts";
import { askForEverything, readFiles, readSamples, storeUncompressed } from "../../e2e/canary/read-everything.ts";
import { scanEverything, type Faults } from "../../e2e/canary/scan-everything.ts";
import { play } from "../../e2e/canary/steps.ts";
import { World } from "../../e2e/canary/world.ts";
import { openStack } from "../../e2e/stack.ts";
import { formatRows } from "./format-rows.ts";

const root = path.resolve(import.meta.dirname, "../..");
/** Programs that must have been looked at. */
const PROGRAMS = ["server/main.ts", "agent/main.ts", "qemu-system-x86_64", "socat", "postgres"];
/** Those of them that hold values: none may write its memory to a file. */
const HOLD_VALUES = ["server/main.ts", "agent/main.ts", "qemu-system-x86_64", "socat"];
/** Where public values are, so that a scan that sees none there has seen nothing. */
const HAVE_PUBLIC = ["tables", "tables while a job runs", "PostgreSQL's files", "write-ahead log", "the agent's files", "answers to administrator", "pages to administrator signed in", "answers to owner", "pages to owner", "page payloads to owner", "RAPI's port"];

interface Result {
  readonly ledger: Ledger;
  readonly samples: ProcessSamples;
  readonly controls: readonly Find[];
  readonly faults: Faults;
}

export async function checkCanary(scratch: string): Promise<boolean> {
  const home = path.join(scratch, "home");
  const stack = await scratchStack(root, home, { SLIPWAY_DEMO: "0" });
  let result: Result;
  try {
    result = await runAll(stack, home);
  } catch (error) {
    // The scratch place is gone when this has ended.
    for (const log of ["controller", "agent"]) process.stderr.write(`the end of ${log}.log:\n${lastLines(path.join(home, "log", `${log}.log`))}\n`);
    throw error;
  } finally {
    await stack.down((line) => process.stderr.write(`${line}\n`));
  }
  // Also what everything says when it is stopped.
  const unknown = await readFiles(home, result.ledger);
  return report(result, [...new Set([...result.faults.unknownFiles, ...unknown])]);
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").slice(-40).join("\n") : "";
}

async function runAll(scratch: ScratchStack, home: string): Promise<Result> {
  const since = Date.now();
  // Before the first process of the stack.
  const sampler = await startSampler(home);
  await up(scratch);
  const stack = openStack(scratch.upFile);
  await storeUncompressed(stack.databaseUrl);
  const world = await World.open(stack, preparedEnvironment().artifacts.image);
  const ledger = new Ledger(world.plants.scanner());
  say("created, failed, reinstalled, cancelled, running with a channel, refused");
  const played = await play(world, ledger);
  const brought = await playOn(world, rigOf(scratch, home), played, ledger, say);
  const controls = new Controls();
  await controls.plantEnvironment(sampler);
  say(`everything is read for ${world.plants.canaries.length} values`);
  const broken = await askForEverything(world, brought);
  const faults = await scanEverything(world, played.objects, ledger, since);
  const samples = await sampler.stop();
  readSamples(samples, ledger);
  return { ledger, samples, controls: await controls.find(stack, samples), faults: { ...faults, broken: [...broken, ...faults.broken] } };
}

function rigOf(scratch: ScratchStack, home: string): Rig {
  return {
    up: () => up(scratch),
    pids: () => {
      const { pids } = openStack(scratch.upFile);
      return { controller: given(pids["controller"]), agent: given(pids["agent"]) };
    },
    slipway: async (...args) => {
      await runOrFail(path.join(root, "slipway"), args, { cwd: root, environment: { ...process.env, SLIPWAY_HOME: home }, timeoutMs: 120_000 });
    },
  };
}

async function up(scratch: ScratchStack): Promise<void> {
  const { code, tail } = await scratch.up((line) => process.stderr.write(`${line}\n`));
  if (code !== 0) throw new Error(`the stack doesn't come up\n${tail}`);
}

function given(pid: number | undefined): number {
  if (pid === undefined) throw new Error("up.json lacks a process");
  return pid;
}

function report({ ledger, samples, controls, faults }: Result, unknownFiles: readonly string[]): boolean {
  const rows = ledger.rows();
  const programs = new Set(samples.texts.map(({ program }) => program));
  const problems = [
    ...ledger.leaks().map(({ canary, visibility, form, place }) => `leak: ${canary} (${visibility}), ${form}, in ${place}`),
    ...missedControls(controls).map((control) => `planted on purpose and not found: ${control}`),
    ...HAVE_PUBLIC.filter((kind) => rows.find((row) => row.kind === kind)?.publicSeen === 0).map((kind) => `no public value was seen in ${kind}`),
    ...PROGRAMS.filter((program) => !programs.has(program)).map((program) => `no process of ${program} was looked at`),
    ...HOLD_VALUES.filter((program) => samples.mayDump.includes(program)).map((program) => `${program} may write core dumps`),
    ...unknownFiles.map((file) => `a file that the register doesn't know: ${file}`),
    ...faults.broken.map((answer) => `a broken answer: ${answer}`),
  ];
  process.stdout.write(`\n${formatRows(rows)}\n\n`);
  process.stdout.write(`processes: ${samples.processes}, looked at ${samples.reads} times in ${samples.rounds} rounds; ${samples.unreadable} were gone or somebody else's\n`);
  process.stdout.write(`planted on purpose: ${Object.keys(CONTROLS).length}, found ${Object.keys(CONTROLS).length - missedControls(controls).length}\n`);
  process.stdout.write(`may write core dumps: ${samples.mayDump.length === 0 ? "none" : samples.mayDump.join(", ")}\n`);
  for (const problem of problems) process.stdout.write(`FAILED  ${problem}\n`);
  process.stdout.write(problems.length === 0 ? "no private or secret value where none may be\n" : `${problems.length} problems\n`);
  return problems.length === 0;
}
