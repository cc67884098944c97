import path from "node:path";
import { parseArgs } from "node:util";
import { describeImport, importReport } from "#lib/ganeti-import/describe-import.ts";
import { importGaneti } from "#lib/ganeti-import/import-ganeti.ts";
import { readConfigFile, STANDARD_INPUT } from "#lib/ganeti-import/read-config-file.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { withServices } from "./with-services.ts";

const OPTIONS = {
  config: { type: "string" },
  "os-directory": { type: "string", multiple: true },
  root: { type: "string", multiple: true },
  apply: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** `slipway import ganeti`: docs/importing.md. */
export const importGanetiCommand: Command = {
  words: ["import", "ganeti"],
  usage: "--config FILE [--os-directory DIR]… [--root DIR]… [--apply] [--json]",
  summary: "Brings nodes, instances, OS definitions and parameters from a Ganeti cluster",
  details: [
    "--config FILE       the cluster's config.data, of Ganeti 2.12 to 3.0; - for standard input",
    "--os-directory DIR  a folder of OS definitions, once for each in Ganeti's order; left out: Ganeti's own that are here",
    "--root DIR          where links in OS definitions may lead beside their own folder",
    "--apply             does it; without it nothing is changed, and what would be is said",
    "--json              for machines",
  ],
  async run(args) {
    const { values } = understood(() => parseArgs({ args: [...args], options: OPTIONS }));
    const file = values.config;
    if (file === undefined || file === "") throw new UsageError("--config is missing");
    const config = await readConfigFile(file === STANDARD_INPUT ? file : path.resolve(file));
    const apply = values.apply === true;
    const absolute = (list: readonly string[] | undefined): string[] => (list ?? []).map((directory) => path.resolve(directory));
    const plan = await withServices((ctx) => importGaneti(ctx, { config, osDirectories: absolute(values["os-directory"]), roots: absolute(values.root), apply }));
    if (values.json === true) print(JSON.stringify(importReport(config, plan, apply)));
    else for (const line of describeImport(config, plan, apply)) print(line);
    return 0;
  },
};
