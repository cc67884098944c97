/** `npm test`, first half: what needs the rights of the one who calls it. Builds, makes a scratch place, and goes on in run.ts. */
import path from "node:path";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";

await runCommand(async () => {
  process.exitCode = await runInScratch(path.resolve(import.meta.dirname, "../.."), "scripts/test/run.ts", process.argv.slice(2));
});
