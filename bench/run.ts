/**
 * `npm run bench`, second half: measures, and prints a table for each benchmark; with `--json` a line of JSON after it:
 * `{"bench", "figures": [{"name", "value", "unit", "anchor", "ratio", "aim", "met"}]}`.
 */
import { parseArgs } from "node:util";
import { runCommand, Refusal } from "#scripts/up/terminal.ts";
import type { Figure } from "./figures.ts";
import { formatTable } from "./figures.ts";
import { measureImage } from "./image.ts";
import { measureInstall } from "./install.ts";
import { GUESTS_BENCH, measuredGuests } from "./metadata-guests-lane.ts";
import { measureMetadata } from "./metadata.ts";
import { measureNeighbour } from "./metadata-neighbour.ts";

/** Each measures with so many rounds and answers with its figures. Those that need root have measured in the first half. */
const BENCHES: Readonly<Record<string, (rounds: number) => Promise<readonly Figure[]>>> = {
  image: measureImage,
  install: measureInstall,
  metadata: measureMetadata,
  "metadata-neighbour": measureNeighbour,
  [GUESTS_BENCH]: measuredGuests,
};

await runCommand(async () => {
  const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } }, allowPositionals: true });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new Refusal("--rounds must be a number from 1 to 100");
  const names = positionals.length === 0 ? Object.keys(BENCHES).filter((name) => name !== GUESTS_BENCH) : positionals;
  for (const name of names) {
    const measure = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (measure === undefined) throw new Refusal(`there is no benchmark ${name}; there are: ${Object.keys(BENCHES).join(", ")}`);
    const result = { bench: name, figures: await measure(rounds) };
    process.stdout.write(`\n${formatTable(result)}\n\n`);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  }
});
