import type { Config } from "#lib/config/config.ts";
import type { Queryable } from "#lib/db/client.ts";
import type { ValuesOfKey } from "./check-keys.ts";
import { valuesByKey } from "./check-keys.ts";
import { loadKeys } from "./load-keys.ts";
import type { MasterKeys, MasterKeySource } from "./master-keys.ts";
import { readMasterKeys } from "./master-keys.ts";

export interface DataKeyStatus {
  readonly id: string;
  readonly purpose: string;
  readonly masterKeyId: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  /** Whether its master key is there. */
  readonly opens: boolean;
  /** Private values that need it. */
  readonly values: number;
}

export interface KeysStatus {
  /** Null: there is none in any place. */
  readonly masterKey: null | {
    readonly id: string;
    readonly sources: readonly MasterKeySource[];
    /** Older ones beside it, and whether anything in the database needs them. */
    readonly others: readonly { readonly id: string; readonly isNeeded: boolean }[];
  };
  readonly dataKeys: readonly DataKeyStatus[];
  /** Values that the first release encrypted with the master key itself. */
  readonly valuesOfMasterKeys: readonly ValuesOfKey[];
  /** Values whose key is nowhere at all, by the key that they name: a data key that isn't in the database. */
  readonly withoutKey: readonly ValuesOfKey[];
  /** Master keys without which something can't be written, or a value read. */
  readonly missingMasterKeys: readonly string[];
}

/**
 * Which keys the database needs, and which are there. Changes nothing, and needs no keys itself.
 *
 * @throws SlipwayError `internal` where the master key can't be read, or a data key's row was changed.
 */
export async function readKeysStatus(db: Queryable, config: Pick<Config, "masterKey" | "paths">): Promise<KeysStatus> {
  const masters = readMasterKeys(config);
  const [keys, values, rows] = [await loadKeys(db, masters), await valuesByKey(db), await db.dataKey.findMany({ orderBy: [{ purpose: "asc" }, { createdAt: "asc" }] })];
  const locked = new Set(keys.locked.map(({ id }) => id));
  const valuesOf = (id: string): number => values.find((one) => one.kind === "data" && one.id === id)?.values ?? 0;
  const ofMasters = values.filter(({ kind }) => kind === "master");
  const needed = new Set([...rows.map(({ masterKeyId }) => masterKeyId), ...ofMasters.map(({ id }) => id)]);
  return {
    masterKey:
      masters === null
        ? null
        : {
            id: masters.current,
            sources: [masters.source, ...masters.otherSources],
            others: masters.ids.filter((id) => id !== masters.current).map((id) => ({ id, isNeeded: needed.has(id) })),
          },
    dataKeys: rows.map(({ id, purpose, masterKeyId, createdAt, retiredAt }) => ({
      id, purpose, masterKeyId, createdAt, retiredAt,
      opens: !locked.has(id),
      values: valuesOf(id),
    })),
    valuesOfMasterKeys: ofMasters,
    withoutKey: values.filter(({ kind, id }) => kind === "data" && !rows.some((row) => row.id === id)),
    missingMasterKeys: missing([...rows.filter(({ id, retiredAt }) => retiredAt === null || valuesOf(id) > 0).map(({ masterKeyId }) => masterKeyId), ...ofMasters.map(({ id }) => id)], masters),
  };
}

function missing(needed: readonly string[], masters: MasterKeys | null): readonly string[] {
  return [...new Set(needed)].filter((id) => masters?.get(id) === undefined).toSorted();
}
