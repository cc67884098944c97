import { z } from "zod";
import { HOST_ADDRESS, HOST_ADDRESS6 } from "#lib/domain/channel-address.ts";
import { runOrFail } from "#scripts/process/run.ts";

/** Of nftables, by family and name: helper/rule-templates.c. The guard's are gone with the helper. */
const TABLES = ["inet slipway", "arp slipway", "bridge slipway"];
const HOST_ADDRESSES: readonly string[] = [HOST_ADDRESS, HOST_ADDRESS6];
/** How all interfaces of guests begin. */
export const LINK_PREFIX = "gnt.";
const COMMAND_MS = 20_000;

const addressesSchema = z.array(z.object({ addr_info: z.array(z.object({ local: z.string(), prefixlen: z.number() })).default([]) }));
const rulesSchema = z.array(z.object({ iif: z.string().optional(), priority: z.number() }));

/**
 * Takes away what a helper that has ended leaves in the kernel: its tables, its addresses on loopback, and rules of a guest's interface with a
 * routing table of its own. All of it is known by its name; nothing else is touched.
 */
export async function removeTraces(environment: NodeJS.ProcessEnv): Promise<void> {
  const command = async (program: string, args: readonly string[], input = ""): Promise<string> => (await runOrFail(program, args, { cwd: "/", environment, timeoutMs: COMMAND_MS, input })).output;
  // Named first, so that one that isn't there is no error.
  await command("nft", ["--file", "-"], TABLES.map((table) => `table ${table}\ndelete table ${table}\n`).join(""));

  const [loopback] = addressesSchema.parse(JSON.parse(await command("ip", ["-json", "address", "show", "dev", "lo"])));
  for (const { local, prefixlen } of loopback?.addr_info ?? []) {
    if (HOST_ADDRESSES.includes(local)) await command("ip", ["address", "delete", `${local}/${prefixlen}`, "dev", "lo"]);
  }
  for (const family of ["-4", "-6"]) {
    for (const { iif, priority } of rulesSchema.parse(JSON.parse(await command("ip", ["-json", family, "rule", "show"])))) {
      if (iif?.startsWith(LINK_PREFIX) === true) await command("ip", [family, "rule", "delete", "iif", iif, "priority", String(priority)]);
    }
  }
}
