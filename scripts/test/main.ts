/**
 * `npm test`, first half: what needs the rights of the one who calls it. Builds, makes a scratch place, runs what needs root where
 * it is root's to run, and goes on in run.ts.
 */
import path from "node:path";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runInScratch } from "#scripts/up/scratch.ts";
import { runCommand } from "#scripts/up/terminal.ts";
import { networkLane } from "./network-lane.ts";

await runCommand(async () => {
  const checkout = path.resolve(import.meta.dirname, "../..");
  const args = process.argv.slice(2);
  const [lane, ...filters] = args;
  // Only the tests of the whole system install from it.
  const debootstrap = lane === undefined || lane === "system";
  const wantsNetwork = isRoot() && (lane === undefined || lane === "network");
  process.exitCode = await runInScratch(checkout, "scripts/test/run.ts", args, {
    artifacts: { debootstrap },
    ...(wantsNetwork ? { first: (release) => networkLane(checkout, release, filters) } : {}),
  });
});
