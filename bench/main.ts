/** `npm run bench [-- NAME [--json] [--rounds N]]`, first half: builds, makes a scratch place, and goes on in run.ts as an ordinary user. */
import path from "node:path";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";
import { GUESTS_BENCH, measureGuestsAsRoot } from "./metadata-guests-lane.ts";

await runCommand(async () => {
  const checkout = path.resolve(import.meta.dirname, "..");
  const args = process.argv.slice(2);
  // Two virtual machines on TAPs need root, whose rights end here.
  const first = isRoot() && args.includes(GUESTS_BENCH) ? { first: measureGuestsAsRoot.bind(null, checkout, args) } : {};
  process.exitCode = await runInScratch(checkout, "bench/run.ts", args, first);
});
