import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createDatabase } from "#lib/db/client.ts";
import { abandonLostValues } from "#lib/secrets/abandon-lost-values.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { counted } from "./counted.ts";
import { loadHostConfig } from "./with-services.ts";

/** `slipway keys abandon`: for when a master key is gone for good. */
export const keysAbandon: Command = {
  words: ["keys", "abandon"],
  usage: "[--apply]",
  summary: "Gives up the private values whose master key is gone for good, so that a controller starts again",
  details: [
    "Says what would be removed; --apply removes it, while no controller runs. The next installs ask for those values,",
    "everybody signs in again, fingerprints change. What opens with the keys that are here stays as it is.",
  ],
  async run(args) {
    const { values: asked } = understood(() => parseArgs({ args: [...args], options: { apply: { type: "boolean", default: false } } }));
    const config = loadHostConfig();
    const db = createDatabase(config.databaseUrl, { connections: 2 });
    try {
      const actor = { identity: { kind: "system", name: "set-up" }, interface: "setup", address: null, requestId: randomUUID() } as const;
      const { masterKeyIds, dataKeys, values } = await abandonLostValues(db, config, actor, { apply: asked.apply });
      if (dataKeys === 0 && values === 0) print("every key that this database needs is here: there is nothing to abandon");
      else {
        print(`${asked.apply ? "abandoned" : "would abandon"}: ${counted(values, "private value")} and ${counted(dataKeys, "data key")}${masterKeyIds.length === 0 ? "" : `, which need the master key ${masterKeyIds.join(", ")}`}`);
        if (!asked.apply) print("Nothing has been changed. --apply does it, and no key brings those values back then.");
      }
      return 0;
    } finally {
      await db.$disconnect();
    }
  },
};
