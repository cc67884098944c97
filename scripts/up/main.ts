/**
 * `npm run up`, first half: what needs the rights of the one who calls it. Builds, sees to the home directory and the user
 * that everything runs as, in system mode to the privileged helper, and goes on as that user in run.ts.
 */
import path from "node:path";
import { ensureHelper, removeHelper } from "#scripts/helper/helper-daemon.ts";
import { HELPER_PLACES } from "#scripts/helper/places.ts";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { ensureHome, homePaths } from "./home.ts";
import { prepareRelease } from "./prepare.ts";
import { removeOtherReleases } from "./release.ts";
import { readSettings, requireRightsFor } from "./settings.ts";
import { runCommand } from "./terminal.ts";

const checkout = path.resolve(import.meta.dirname, "../..");

await runCommand(async () => {
  const settings = readSettings(checkout);
  requireRightsFor(settings);
  ensureHome(settings.home);
  const { releases } = homePaths(settings.home);
  const release = await prepareRelease(checkout, { releases, forTests: false });
  const runHalf = (program: string, environment: Readonly<Record<string, string>> = {}): Promise<number> =>
    runAsOrdinaryUser(path.join(release.directory, "scripts/up", program), process.argv.slice(2), {
      cwd: release.directory,
      node: release.node,
      environment: { ...release.environment, SLIPWAY_HOME: settings.home, SLIPWAY_MODE: settings.mode, ...environment },
    });

  if (settings.mode === "system") {
    process.exitCode = await runHalf("check-mode.ts");
    if (process.exitCode !== 0) return;
    // From the checkout, which is whose who runs this; a release may be a copy that the ordinary user has made.
    const helper = await ensureHelper(checkout, settings.home, HELPER_PLACES);
    process.exitCode = await runHalf("run.ts", { SLIPWAY_HELPER_SOCKET: helper.socket, SLIPWAY_HELPER_LAUNCHER: helper.launcher });
  } else {
    process.exitCode = await runHalf("run.ts");
    // Nothing that it serves is left once the agent is in session mode.
    if (process.exitCode === 0 && isRoot()) await removeHelper(settings.home, HELPER_PLACES);
  }
  if (process.exitCode === 0) await removeOtherReleases(releases, release);
});
