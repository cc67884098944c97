/** The fault matrix (design: install, "How it goes"): everything that can go wrong in each state of an install, and what holds afterwards. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { scratchStack } from "#scripts/test/scratch-stack.ts";
import { say } from "#scripts/up/terminal.ts";
import { type Cell, type CellResult, CELLS, tryCell } from "../../e2e/faults/matrix.ts";
import { FaultWorld } from "../../e2e/faults/world.ts";

const root = path.resolve(import.meta.dirname, "../..");
const resultsSchema = z.array(z.object({ state: z.string(), fault: z.string(), ended: z.string().nullable(), notes: z.array(z.string()) }));

/**
 * Tries cells one after the other on a stack of its own.
 *
 * @param args `--state NAME`, `--fault NAME`: only those; `--results FILE`: cells that are well there aren't tried again, and each is
 *   written there as soon as it has been tried, so that a run that was broken off goes on where it was
 */
export async function checkFaults(scratch: string, args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { state: { type: "string" }, fault: { type: "string" }, results: { type: "string" } } });
  const results = new Map((values.results === undefined ? [] : readResults(values.results)).map((result) => [nameOf(result), result]));
  const wanted = CELLS.filter(({ state, fault }) => (values.state ?? state) === state && (values.fault ?? fault) === fault);
  const open = wanted.filter((cell) => results.get(nameOf(cell))?.notes.length !== 0);
  say(`${wanted.length} cells, ${open.length} of them to try`);
  const stack = await scratchStack(root, path.join(scratch, "home"), { SLIPWAY_DEMO: "0" });
  try {
    const { code, tail } = await stack.up((line) => process.stderr.write(`${line}\n`));
    if (code !== 0) throw new Error(`the stack doesn't come up\n${tail}`);
    const world = await FaultWorld.open(stack);
    for (const cell of open) {
      const result = await tryCell(world, cell);
      results.set(nameOf(cell), result);
      say(`${cell.state}, ${cell.fault}: ${result.ended ?? "not tried"}${result.notes.map((note) => `\n    ${note}`).join("")}`);
      if (values.results !== undefined) writeFileSync(values.results, JSON.stringify([...results.values()], null, 1));
    }
    await world.close();
  } finally {
    await stack.down((line) => process.stderr.write(`${line}\n`));
  }
  return report(wanted.flatMap((cell) => results.get(nameOf(cell)) ?? []));
}

function nameOf({ state, fault }: Cell): string {
  return `${state}, ${fault}`;
}

function readResults(file: string): readonly CellResult[] {
  return existsSync(file) ? resultsSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

function report(results: readonly CellResult[]): boolean {
  const tried = results.filter(({ ended }) => ended !== null);
  const broken = tried.filter(({ notes }) => notes.length > 0);
  process.stdout.write(`\n${tried.length} cells tried, ${tried.length - broken.length} as they have to be, ${results.length - tried.length} that this machine can't try\n`);
  for (const { state, fault, notes } of broken) process.stdout.write(`FAILED  ${state}, ${fault}: ${notes.join("; ")}\n`);
  return broken.length === 0;
}
