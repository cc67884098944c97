/**
 * `npm run up`, second half, as the user that everything runs as: starts what doesn't run, sets up what isn't there, installs
 * the sample, and says where everything is. Run again, also after `kill -9` of everything, it goes on with the same data.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { DaemonPlace } from "#scripts/process/daemon.ts";
import { ensureAgent } from "./agent.ts";
import { wantedMode } from "./agent-mode.ts";
import { ApiClient } from "./api.ts";
import { ADMIN_USER, consoleUrl, ensureController, rapiUrl, setUpCluster } from "./controller.ts";
import { ensureDatabase } from "./database.ts";
import { homePaths } from "./home.ts";
import { installSample, SAMPLE_INSTANCE } from "./install-sample.ts";
import { lockHome } from "./lock.ts";
import { preparedEnvironment } from "./prepare.ts";
import { ensurePrivateFile, writePrivateFile } from "./private-file.ts";
import { accessCommand, accessFiles } from "./sample-access.ts";
import { readSettings } from "./settings.ts";
import { startInstances } from "./start-instances.ts";
import { runCommand, say } from "./terminal.ts";

process.umask(0o077);

await runCommand(async () => {
  const settings = readSettings(path.resolve(import.meta.dirname, "../.."));
  // The controller is told by its own settings; no other program that is started here gets to see it.
  Reflect.deleteProperty(process.env, "SLIPWAY_MASTER_KEY");
  const { release, artifacts } = preparedEnvironment();
  const paths = homePaths(settings.home);
  for (const directory of [paths.run, paths.log]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockHome(paths.run);
  try {
    const place: DaemonPlace = { runDirectory: paths.run, logDirectory: paths.log };
    const postgresPid = await ensureDatabase(paths, settings.databaseUrl);
    const adminPassword = ensurePrivateFile(paths.adminPassword, () => randomBytes(15).toString("base64url"));
    const controller = await ensureController(settings, release, place);
    await setUpCluster(settings, paths.adminPassword, artifacts);
    const api = new ApiClient(consoleUrl(settings), ADMIN_USER, adminPassword);
    const agent = await ensureAgent(api, { directory: paths.agent, consoleUrl: consoleUrl(settings), release, place, mode: wantedMode(settings) });

    const up = {
      mode: settings.mode,
      consoleUrl: consoleUrl(settings),
      rapiUrl: rapiUrl(settings),
      caFile: path.join(settings.home, "pki/ca.pem"),
      adminUser: ADMIN_USER,
      adminPasswordFile: paths.adminPassword,
      databaseUrlFile: paths.databaseUrl,
      agents: [{ node: agent.node, address: agent.address, dataDir: agent.dataDir, pid: agent.identity.pid }],
      pids: { controller: controller.pid, agent: agent.identity.pid, ...(postgresPid === null ? {} : { postgres: postgresPid }) },
    };
    writePrivateFile(paths.up, `${JSON.stringify(up, null, 2)}\n`);
    if (agent.started) await startInstances(api);
    // Now already: who wants to watch the sample's install in a browser needs it.
    say(`console: ${up.consoleUrl}, user ${ADMIN_USER}, password in ${paths.adminPassword}`);
    const access = accessFiles(paths.ssh);
    if (settings.demo) await installSample(api, path.join(paths.run, "sample-installed"), access);
    const ssh = await accessCommand(api, SAMPLE_INSTANCE, access);

    say("npm run down stops it all");
    process.stdout.write(`\n  Console   ${up.consoleUrl}\n  User      ${ADMIN_USER}\n  Password  in ${paths.adminPassword}\n  RAPI      ${up.rapiUrl}\n\n`);
    if (ssh !== null) process.stdout.write(`  ${SAMPLE_INSTANCE}  ${ssh}\n\n`);
  } finally {
    unlock();
  }
});
