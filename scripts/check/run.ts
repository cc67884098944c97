/** `npm run check:NAME`, second half: runs the long form of a check. Ends with 0 where all is well, otherwise with 1. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { scratchDirectory } from "#scripts/up/scratch.ts";
import { Refusal, runCommand } from "#scripts/up/terminal.ts";
import { checkCanary } from "./canary.ts";
import { checkFaults } from "./faults.ts";

/** Each says what it found on standard output, and answers whether all is well. */
const CHECKS: Readonly<Record<string, (scratch: string, args: readonly string[]) => Promise<boolean>>> = { canary: (scratch, args) => withoutArguments(args, () => checkCanary(scratch)), faults: checkFaults };

function withoutArguments(args: readonly string[], check: () => Promise<boolean>): Promise<boolean> {
  if (args.length > 0) throw new Refusal("this check takes no arguments");
  return check();
}

await runCommand(async () => {
  const [name = "", ...rest] = process.argv.slice(2);
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  if (check === undefined) throw new Refusal(`which check? There are: ${Object.keys(CHECKS).join(", ")}`);
  const scratch = scratchDirectory();
  // What programs put there is read too.
  const temporary = path.join(scratch, "tmp");
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  process.env["TMPDIR"] = temporary;
  process.exitCode = (await check(scratch, rest)) ? 0 : 1;
});
