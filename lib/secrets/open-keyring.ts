import path from "node:path";
import type { Config } from "#lib/config/config.ts";
import type { Keyring } from "#lib/context/context.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Logger } from "#lib/logging/logger.ts";
import type { ValuesOfKey } from "./check-keys.ts";
import { unreadable, valuesByKey } from "./check-keys.ts";
import { newDataKey, PURPOSES, wrapKey } from "./data-keys.ts";
import type { FileKey } from "./first-release-files.ts";
import { readFirstReleaseFiles, removeFirstReleaseFiles } from "./first-release-files.ts";
import { createPrivateFile, ensurePrivateDirectory } from "./key-files.ts";
import { createKeyring } from "./keyring.ts";
import type { LoadedKeys } from "./load-keys.ts";
import { loadKeys } from "./load-keys.ts";
import { lockKeys } from "./lock-keys.ts";
import type { MasterKeys } from "./master-keys.ts";
import { MASTER_KEY_FILE, newMasterKeys, placesOfMasterKey, readMasterKeys } from "./master-keys.ts";

export interface OpenKeyringOptions {
  readonly config: Pick<Config, "masterKey" | "paths">;
  readonly db: Database;
  readonly notifications: NotificationListener;
  readonly log: Logger;
}

/**
 * The keys of this controller (design: "encrypted with a key that is not in the database"). Makes those that were never
 * there: a master key only where the database needs none, data keys only where its master key is there.
 *
 * @throws SlipwayError `internal` where keys are missing without which nothing can be signed, fingerprinted or written: which
 * ones, where they were looked for, and how to go on. Nothing is changed then.
 */
export async function openKeyring({ config, db, notifications, log }: OpenKeyringOptions): Promise<Keyring> {
  await db.$transaction(async (tx) => {
    await lockKeys(tx);
    await ensureKeys(tx, config, log);
  });
  await removeTakenOver(db, config.paths.keys, log);
  return createKeyring({ db, notifications, log, readMasters: () => readMasterKeys(config) });
}

async function ensureKeys(tx: Transaction, config: OpenKeyringOptions["config"], log: Logger): Promise<void> {
  const found = readMasterKeys(config);
  const [keys, values] = [await loadKeys(tx, found), await valuesByKey(tx)];
  if (isWithoutKey(keys, values, found)) throw missingKeys(config, found, keys, values);
  for (const { id, values: count } of unreadable(keys, values, found)) {
    log.error({ keyId: id, values: count }, "private parameters are stored whose key this controller doesn't have; they stay as they are and can't be used until it is back");
  }
  const masters = found ?? createMasterKeyFile(config.paths.keys);
  const fromFiles = readFirstReleaseFiles(config.paths.keys);
  const lacking = PURPOSES.filter((purpose) => keys.writing[purpose] === undefined);
  await tx.dataKey.createMany({ data: lacking.map((purpose) => wrapKey(fromFiles.find((one) => one.purpose === purpose)?.key ?? newDataKey(purpose), purpose, masters)) });
}

/** Whether this is the database of another master key, or of one that isn't here. */
function isWithoutKey(keys: LoadedKeys, values: readonly ValuesOfKey[], found: MasterKeys | null): boolean {
  if (keys.locked.some(({ isWriting }) => isWriting)) return true;
  // A database of the first release has no data keys; one that opens shows that the master key belongs to it.
  const ofFirstRelease = values.filter(({ kind }) => kind === "master");
  const isFirst = Object.keys(keys.writing).length === 0 || found === null;
  return isFirst && ofFirstRelease.length > 0 && !ofFirstRelease.some(({ id }) => found?.get(id) !== undefined);
}

function missingKeys(config: OpenKeyringOptions["config"], found: MasterKeys | null, keys: LoadedKeys, values: readonly ValuesOfKey[]): SlipwayError {
  const lost = unreadable(keys, values, found);
  const ids = new Set([...keys.locked.map(({ masterKeyId }) => masterKeyId), ...lost.filter(({ kind }) => kind === "master").map(({ id }) => id)]);
  const count = lost.reduce((sum, one) => sum + one.values, 0);
  const where = found === null ? `there is none in ${placesOfMasterKey(config).join(", ")}` : `${found.source.name} has ${found.ids.join(", ")}`;
  return new SlipwayError(
    "internal",
    `this database needs the master key ${[...ids].toSorted().join(", ")}, and ${where}. ` +
      `${count === 1 ? "1 private value is" : `${count} private values are`} encrypted for it, and so are the keys of sessions and fingerprints. ` +
      "Nothing was changed and nothing is lost: put the right key there and start again (docs/operating.md, Keys).",
  );
}

/** Only ever where there is none. Whoever else wants to make one waits for the lock. */
function createMasterKeyFile(directory: string): MasterKeys {
  ensurePrivateDirectory(directory);
  const file = path.join(directory, MASTER_KEY_FILE);
  const masters = newMasterKeys(file);
  if (!createPrivateFile(file, masters.toFileText())) throw new SlipwayError("internal", `${file} has appeared just now: start again`);
  return masters;
}

/** After the transaction: a crash before this leaves a file that is removed at the next start. */
async function removeTakenOver(db: Database, directory: string, log: Logger): Promise<void> {
  const files: readonly FileKey[] = readFirstReleaseFiles(directory);
  if (files.length === 0) return;
  const stored = new Set((await db.dataKey.findMany({ select: { id: true } })).map(({ id }) => id));
  for (const { file } of removeFirstReleaseFiles(files, stored)) log.warn({ file }, "a key file of the first release isn't this database's and stays where it is");
}
