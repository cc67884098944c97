/** `npm run down`, second half: stops controller, agent, virtual machines and PostgreSQL, in this order. */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { stopDaemon } from "#scripts/process/daemon.ts";
import { stopPostgres } from "#scripts/postgres/server.ts";
import { AGENT_DAEMON } from "#scripts/up/agent.ts";
import { helperOfAgent } from "#scripts/up/agent-mode.ts";
import { CONTROLLER_DAEMON } from "#scripts/up/controller.ts";
import { homePaths } from "#scripts/up/home.ts";
import { lockHome } from "#scripts/up/lock.ts";
import { readSettings } from "#scripts/up/settings.ts";
import { runCommand, say } from "#scripts/up/terminal.ts";
import { removeLinks } from "./remove-links.ts";
import { stopGuests } from "./stop-guests.ts";

await runCommand(async () => {
  const { home } = readSettings(path.resolve(import.meta.dirname, "../.."));
  const paths = homePaths(home);
  if (!existsSync(paths.run)) {
    say(`nothing has run in ${home}`);
    return;
  }
  const place = { runDirectory: paths.run, logDirectory: paths.log };
  const unlock = lockHome(paths.run);
  try {
    // The controller first: it must not take the end of the others for a failure.
    say(`controller: ${await stopDaemon(CONTROLLER_DAEMON, place)}`);
    say(`agent: ${await stopDaemon(AGENT_DAEMON, place)}`);
    say(`virtual machines: ${await stopGuests(paths.agent)} stopped`);
    const helper = helperOfAgent(paths.agent);
    if (helper !== null) await removeLinks(helper);
    say(`PostgreSQL: ${(await stopPostgres({ directory: paths.postgres })) ? "stopped" : "not running"}`);
    rmSync(paths.up, { force: true });
  } finally {
    unlock();
  }
});
