import type { Queryable } from "#lib/db/client.ts";
import type { Purpose } from "./data-keys.ts";
import { PURPOSES, unwrapKey } from "./data-keys.ts";
import type { MasterKeys } from "./master-keys.ts";

/** A data key as it is in memory. */
export interface DataKey {
  readonly id: string;
  readonly key: Uint8Array;
  /** How many keys of its purpose there had been, this one included. */
  readonly generation: number;
}

/** A row of the table whose master key isn't there. */
export interface LockedKey {
  readonly id: string;
  readonly purpose: string;
  readonly masterKeyId: string;
  readonly isWriting: boolean;
}

export interface LoadedKeys {
  /** For reading private values. */
  readonly privateKeys: ReadonlyMap<string, Uint8Array>;
  /** The one of each purpose that writes, if it opens. */
  readonly writing: Readonly<Partial<Record<Purpose, DataKey>>>;
  readonly locked: readonly LockedKey[];
}

/** Reads the data keys and opens those whose master key is there. @throws SlipwayError `internal` where a row was changed. */
export async function loadKeys(db: Queryable, masters: MasterKeys | null): Promise<LoadedKeys> {
  const rows = await db.dataKey.findMany({ orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  const privateKeys = new Map<string, Uint8Array>();
  const writing: Partial<Record<Purpose, DataKey>> = {};
  const locked: LockedKey[] = [];
  for (const purpose of PURPOSES) {
    for (const [index, row] of rows.filter((one) => one.purpose === purpose).entries()) {
      const isWriting = row.retiredAt === null;
      if (masters?.get(row.masterKeyId) === undefined) {
        locked.push({ id: row.id, purpose, masterKeyId: row.masterKeyId, isWriting });
        continue;
      }
      const key = unwrapKey(row, masters);
      if (purpose === "private-parameters") privateKeys.set(row.id, key);
      if (isWriting) writing[purpose] = { id: row.id, key, generation: index + 1 };
    }
  }
  return { privateKeys, writing, locked };
}
