/** `npm test`, first half: what needs the rights of the one who calls it. Builds, makes a scratch place, and goes on in run.ts. */
import path from "node:path";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";

await runCommand(async () => {
  const args = process.argv.slice(2);
  // Only the tests of the whole system install from it.
  const debootstrap = args[0] === undefined || args[0] === "system";
  process.exitCode = await runInScratch(path.resolve(import.meta.dirname, "../.."), "scripts/test/run.ts", args, { debootstrap });
});
