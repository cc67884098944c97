import path from "node:path";
import { parseArgs } from "node:util";
import { checkDatabase } from "./checks/database.ts";
import { checkFiles } from "./checks/files.ts";
import { checkMemory } from "./checks/memory.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { loadHostConfig } from "./with-services.ts";

/** `slipway doctor`: changes nothing. */
export const doctor: Command = {
  words: ["doctor"],
  usage: "",
  summary: "Looks at this host for what could let a secret out, or keep the controller from working",
  details: ["A line each: ok, warn or fail. Ends with 1 where one has failed."],
  async run(args) {
    understood(() => parseArgs({ args: [...args], options: {} }));
    const config = loadHostConfig();
    const findings = [...checkMemory(path.join(config.paths.run, "up.json")), ...checkFiles(config), ...(await checkDatabase(config))];
    for (const { level, text } of findings) print(`${level.padEnd(4)}  ${text}`);
    return findings.some(({ level }) => level === "fail") ? 1 : 0;
  },
};
