import type { Queryable } from "#lib/db/client.ts";
import { ENVELOPE_KEY_BYTES, envelopeKey } from "./envelope.ts";
import type { EnvelopeKey } from "./envelope.ts";
import type { LoadedKeys } from "./load-keys.ts";
import type { MasterKeys } from "./master-keys.ts";

/** How many stored private values need a key. */
export interface ValuesOfKey extends EnvelopeKey {
  readonly values: number;
}

/** Which keys the stored private values need: of instances and the systems that they had before, of jobs under way, and defaults. One row a key, however many values. */
export async function valuesByKey(db: Queryable): Promise<readonly ValuesOfKey[]> {
  const rows = await db.$queryRaw<{ start: Uint8Array; values: bigint }[]>`
    SELECT substring(stored.value FROM 1 FOR ${ENVELOPE_KEY_BYTES}) AS start, count(*) AS values
    FROM (
      SELECT private_value AS value FROM instance_parameter WHERE private_value IS NOT NULL
      UNION ALL SELECT private_value FROM previous_parameter WHERE private_value IS NOT NULL
      UNION ALL SELECT user_data FROM instance WHERE user_data IS NOT NULL
      UNION ALL SELECT value FROM job_private_value
      UNION ALL SELECT private_value FROM parameter_default WHERE private_value IS NOT NULL
    ) AS stored
    GROUP BY 1 ORDER BY 1`;
  return rows.map(({ start, values }) => ({ ...envelopeKey(start), values: Number(values) }));
}

/** Those of them whose key isn't here. */
export function unreadable(keys: LoadedKeys, values: readonly ValuesOfKey[], masters: MasterKeys | null): readonly ValuesOfKey[] {
  return values.filter(({ kind, id }) => (kind === "data" ? !keys.privateKeys.has(id) : masters?.get(id) === undefined));
}
