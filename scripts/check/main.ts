/** `npm run check:NAME`, first half: builds, makes a scratch place, and goes on in run.ts as an ordinary user. */
import path from "node:path";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";

await runCommand(async () => {
  process.exitCode = await runInScratch(path.resolve(import.meta.dirname, "../.."), "scripts/check/run.ts", process.argv.slice(2));
});
