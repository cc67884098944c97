/** `npm run check:NAME`, second half: runs the long form of a check. Ends with 0 where all is well, otherwise with 1. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { scratchDirectory } from "#scripts/up/scratch.ts";
import { Refusal, runCommand } from "#scripts/up/terminal.ts";
import { checkCanary } from "./canary.ts";

/** Each says what it found on standard output, and answers whether all is well. */
const CHECKS: Readonly<Record<string, (scratch: string) => Promise<boolean>>> = { canary: checkCanary };

await runCommand(async () => {
  const [name = "", ...rest] = process.argv.slice(2);
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  if (check === undefined || rest.length > 0) throw new Refusal(`which check? There are: ${Object.keys(CHECKS).join(", ")}`);
  const scratch = scratchDirectory();
  // What programs put there is read too.
  const temporary = path.join(scratch, "tmp");
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  process.env["TMPDIR"] = temporary;
  process.exitCode = (await check(scratch)) ? 0 : 1;
});
