import path from "node:path";
import { parseArgs } from "node:util";
import { registerAppliance } from "#lib/appliances/register-appliance.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { withServices } from "./with-services.ts";

const OPTIONS = { digest: { type: "string" }, use: { type: "boolean", default: false } } as const;

/** `slipway appliance register`: docs/operating.md, "Appliances". */
export const applianceRegister: Command = {
  words: ["appliance", "register"],
  usage: "DIR [--digest SHA256] [--use]",
  summary: "Takes in an install appliance from a folder of this machine, as appliance/build makes one",
  details: [
    "DIR              where its manifest.json is, with kernel, initrd and the full userland beside it",
    "--digest SHA256  of its manifest.json, if it is to be this one and no other",
    "--use            has the cluster's installs use it from now on",
  ],
  async run(args) {
    const { values, positionals } = understood(() => parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }));
    const [directory, ...others] = positionals;
    if (directory === undefined || others.length > 0) throw new UsageError("one folder is needed");
    const done = await withServices(async (ctx) => {
      const registered = await registerAppliance(ctx, { directory: path.resolve(directory), digest: values.digest });
      if (!values.use || registered.inUse) return registered;
      await modifyCluster(ctx, { applianceDigest: registered.digest });
      return { ...registered, inUse: true };
    });
    print(`appliance ${done.name} ${done.digest} is ${done.isNew ? "registered" : "there already"}, and ${done.inUse ? "installs use it" : "installs use another one"}`);
    return 0;
  },
};
