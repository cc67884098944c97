/**
 * Before `npm run up` changes anything of the machine for system mode: whether the home directory may go there. Run as the ordinary
 * user, because what lies there is that user's to say.
 */
import path from "node:path";
import { changesMode } from "./agent-mode.ts";
import { homePaths } from "./home.ts";
import { readSettings } from "./settings.ts";
import { runCommand } from "./terminal.ts";

await runCommand(async () => {
  const { home, mode } = readSettings(path.resolve(import.meta.dirname, "../.."));
  changesMode(homePaths(home).agent, mode);
  return Promise.resolve();
});
