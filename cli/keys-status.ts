import { parseArgs } from "node:util";
import { createDatabase } from "#lib/db/client.ts";
import type { KeysStatus } from "#lib/secrets/read-keys-status.ts";
import { readKeysStatus } from "#lib/secrets/read-keys-status.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { counted } from "./counted.ts";
import { loadHostConfig } from "./with-services.ts";

/** `slipway keys status`: works on a database whose keys are missing, which is when it is needed. */
export const keysStatus: Command = {
  words: ["keys", "status"],
  usage: "",
  summary: "Shows which keys the database needs, and which are there; never a key itself",
  async run(args) {
    understood(() => parseArgs({ args: [...args], options: {} }));
    const config = loadHostConfig();
    const db = createDatabase(config.databaseUrl);
    try {
      const status = await readKeysStatus(db, config);
      for (const line of describe(status)) print(line);
      return status.missingMasterKeys.length > 0 || status.withoutKey.length > 0 ? 1 : 0;
    } finally {
      await db.$disconnect();
    }
  },
};

function describe({ masterKey, dataKeys, valuesOfMasterKeys, withoutKey, missingMasterKeys }: KeysStatus): readonly string[] {
  const lines = masterKey === null ? ["no master key"] : [`master key ${masterKey.id} from ${masterKey.sources.map(({ name }) => name).join(" and ")}`];
  for (const { id, isNeeded } of masterKey?.others ?? []) lines.push(`master key ${id}, older: ${isNeeded ? "still needed" : "nothing here needs it"}`);
  for (const key of dataKeys) {
    const since = key.retiredAt === null ? `in use since ${day(key.createdAt)}` : `until ${day(key.retiredAt)}`;
    const values = key.purpose === "private-parameters" ? `, ${counted(key.values, "value")}` : "";
    lines.push(`data key ${key.id} for ${key.purpose}, ${since}${values}${key.opens ? "" : `: needs the master key ${key.masterKeyId}`}`);
  }
  for (const { id, values } of valuesOfMasterKeys) lines.push(`${counted(values, "value")} of the first release, with the master key ${id} itself: slipway keys rotate encrypts them anew`);
  for (const { id, values } of withoutKey) lines.push(`missing: the data key ${id}, which isn't in the database, for ${counted(values, "value")}`);
  for (const id of missingMasterKeys) lines.push(`missing: the master key ${id}. Nothing is lost: put it back, and everything opens`);
  return lines;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
