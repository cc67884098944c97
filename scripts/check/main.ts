/** `npm run check:NAME`, first half: builds, makes a scratch place, and goes on in run.ts as an ordinary user. */
import path from "node:path";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { run } from "#scripts/process/run.ts";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";
import { mountSmallDisks } from "./small-disks.ts";

/** Tells the process in a mount namespace of its own that it is there. */
const INSIDE = "SLIPWAY_CHECK_MOUNTS";
const LONGEST_MS = 12 * 3_600_000;

await runCommand(async () => {
  const checkout = path.resolve(import.meta.dirname, "../..");
  const args = process.argv.slice(2);
  const wantsDisks = args[0] === "faults" && isRoot();
  if (wantsDisks && process.env[INSIDE] === undefined) {
    // What is mounted there goes with the last process of it, whatever ends it.
    const inside = ["--mount", "--propagation", "private", "--", process.execPath, import.meta.filename, ...args];
    const { code } = await run("unshare", inside, { cwd: checkout, environment: { ...process.env, [INSIDE]: "1" }, timeoutMs: LONGEST_MS, onLine: (line) => process.stdout.write(`${line}\n`) });
    process.exitCode = code;
    return;
  }
  process.exitCode = await runInScratch(checkout, "scripts/check/run.ts", args, wantsDisks ? { first: (_release, scratch) => mountSmallDisks(scratch) } : {});
});
