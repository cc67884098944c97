/**
 * `npm run up`, first half: what needs the rights of the one who calls it. Builds, sees to the home directory and the user
 * that everything runs as, and goes on as that user in run.ts.
 */
import path from "node:path";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { ensureHome, homePaths } from "./home.ts";
import { prepareRelease } from "./prepare.ts";
import { removeOtherReleases } from "./release.ts";
import { readSettings } from "./settings.ts";
import { runCommand } from "./terminal.ts";

const checkout = path.resolve(import.meta.dirname, "../..");

await runCommand(async () => {
  const settings = readSettings(checkout);
  ensureHome(settings.home);
  const { releases } = homePaths(settings.home);
  const release = await prepareRelease(checkout, { releases, forTests: false });
  process.exitCode = await runAsOrdinaryUser(path.join(release.directory, "scripts/up/run.ts"), process.argv.slice(2), {
    cwd: release.directory,
    node: release.node,
    environment: { ...release.environment, SLIPWAY_HOME: settings.home },
  });
  if (process.exitCode === 0) await removeOtherReleases(releases, release);
});
