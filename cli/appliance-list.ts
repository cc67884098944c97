import { parseArgs } from "node:util";
import { listAppliances } from "#lib/appliances/list-appliances.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { withServices } from "./with-services.ts";

/** `slipway appliance list`: docs/operating.md, "Appliances". */
export const applianceList: Command = {
  words: ["appliance", "list"],
  usage: "",
  summary: "Lists the cluster's install appliances; * is the one that installs use",
  async run(args) {
    understood(() => parseArgs({ args: [...args], options: {} }));
    for (const { inUse, digest, name, contractVersion, kernelVersion, hasRoot, registeredBy, createdAt } of await withServices(listAppliances)) {
      const parts = [name, `contract ${contractVersion}`, `kernel ${kernelVersion}`, hasRoot ? "with the full userland" : "without the full userland", `from ${registeredBy}, ${createdAt.slice(0, 10)}`];
      print(`${inUse ? "*" : " "} ${digest} ${parts.join(", ")}`);
    }
    return 0;
  },
};
