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

/** Unless `--rounds` says otherwise. */
const ROUNDS = 5;
/** Of images the median of nine is asked for. */
const IMAGE_ROUNDS = 9;

/** Each measures with so many rounds and answers with its figures. Those that need root have measured in the first half. */
const BENCHES: Readonly<Record<string, (rounds?: number) => Promise<readonly Figure[]>>> = {
  image: (rounds = IMAGE_ROUNDS) => measureImage(rounds),
  install: (rounds = ROUNDS) => measureInstall(rounds),
  metadata: (rounds = ROUNDS) => measureMetadata(rounds),
  "metadata-neighbour": (rounds = ROUNDS) => measureNeighbour(rounds),
  [GUESTS_BENCH]: measuredGuests,
};

await runCommand(async () => {
  const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false }, rounds: { type: "string" } }, allowPositionals: true });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)) throw new Refusal("--rounds must be a number from 1 to 100");
  const names = positionals.length === 0 ? Object.keys(BENCHES).filter((name) => name !== GUESTS_BENCH) : positionals;
  for (const name of names) {
    const measure = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (measure === undefined) throw new Refusal(`there is no benchmark ${name}; there are: ${Object.keys(BENCHES).join(", ")}`);
    const result = { bench: name, figures: await measure(rounds) };
    process.stdout.write(`\n${formatTable(result)}\n\n`);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  }
});
