import { parseArgs } from "node:util";
import { listAppliances } from "#lib/appliances/list-appliances.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { withServices } from "./with-services.ts";

/** `slipway appliance use`: docs/operating.md, "Appliances". */
export const applianceUse: Command = {
  words: ["appliance", "use"],
  usage: "DIGEST",
  summary: "Has the cluster's installs use an appliance; those that are accepted already keep theirs",
  details: ["DIGEST  as appliance list shows it, or as many of its first digits as no other has"],
  async run(args) {
    const { positionals } = understood(() => parseArgs({ args: [...args], options: {}, allowPositionals: true }));
    const [start, ...others] = positionals;
    if (start === undefined || others.length > 0 || !/^[0-9a-f]{4,64}$/.test(start)) throw new UsageError("one digest is needed, of 4 to 64 hex digits");
    const { digest, name } = await withServices(async (ctx) => {
      const [found, ...more] = (await listAppliances(ctx)).filter((appliance) => appliance.digest.startsWith(start));
      if (found === undefined) throw new SlipwayError("unknown_object", `there is no appliance ${start}`);
      if (more.length > 0) throw new SlipwayError("invalid", `${more.length + 1} appliances begin with ${start}`);
      if (!found.inUse) await modifyCluster(ctx, { applianceDigest: found.digest });
      return found;
    });
    print(`installs use appliance ${name} ${digest}`);
    return 0;
  },
};
